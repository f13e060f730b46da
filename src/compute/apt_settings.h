// How this host's apt reaches Debian's archive: for the installation of a guest, which reads nothing of the host's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aerolith::compute {

// Of what `apt-config dump` prints: the lines that name proxies, each as apt wants it in a configuration.
std::vector<std::string> proxies_in(std::string_view dump);

// Of what `apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(COMPONENT) $(SITE) $(RELEASE)'` prints: the archives
// of `suite`'s main component, each once, as a line of sources.list. Empty where the host has none.
std::vector<std::string> archives_in(std::string_view targets, std::string_view suite);

}  // namespace aerolith::compute
