// The one translation unit that holds Boost.JSON's code: every room may include <boost/json.hpp>.
#include <boost/json/src.hpp>
