// S3's answers; use answer_for (error_code.h).
#pragma once

#include "auth/error_code.h"

namespace aerolith::auth {

AuthErrorAnswer s3_answer(const AuthError& error);

}  // namespace aerolith::auth
