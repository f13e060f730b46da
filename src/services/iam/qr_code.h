// A text as a QR code, as a picture that phones read.
#pragma once

#include <string>
#include <string_view>

namespace aerolith::iam {

// PNG, black on white with the quiet zone of ISO/IEC 18004; empty for what no code is large enough for.
std::string qr_code_png(std::string_view text);

}  // namespace aerolith::iam
