#pragma once

#include <string_view>

namespace aerolith::main_program {

// "0.1.0", from the root CMakeLists.txt.
std::string_view version();

}  // namespace aerolith::main_program
