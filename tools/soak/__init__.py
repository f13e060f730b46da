"""A day in an hour: churn for a long time, in which memory, descriptors and disk must stay flat."""
