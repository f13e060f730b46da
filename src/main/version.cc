#include "main/version.h"

namespace aerolith::main_program {

std::string_view version() { return AEROLITH_VERSION; }

}  // namespace aerolith::main_program
