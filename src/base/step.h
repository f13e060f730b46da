// Named places between effects outside of this process (a program started, a file renamed, a commit), where a test has
// it die to see that the next one makes good what is half done. Off, a step is one look at a null pointer.
//
//   AEROLITH_STEPS=<folder>   the name of each step that is passed is appended, a line each, to <folder>/passed;
//                             <folder>/kill-at with "<name> <n>" ends the process by SIGKILL when that step is passed
//                             for the n-th time since the file is there. The file is gone then.
#pragma once

#include <string_view>

namespace aerolith {

namespace step_details {
extern void (*passed)(std::string_view name);  // null: nobody listens
}

// Safe from any thread.
inline void step(std::string_view name) {
  if (step_details::passed != nullptr) step_details::passed(name);
}

// By AEROLITH_STEPS, where it is set. To be called while there is one thread.
void listen_to_steps();

}  // namespace aerolith
