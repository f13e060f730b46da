#include "auth/canonical.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "http/query.h"

namespace aerolith::auth {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

void append_byte(std::string& out, char c) {
  if (is_unreserved(c)) {
    out += c;
  } else {
    append_escaped(out, c);
  }
}

enum class Plus { literal, space };
enum class Slash { escaped, plain };

// Decodes and encodes again in one pass. A '%' that starts no escape is a literal '%'.
void append_normalised(std::string& out, std::string_view text, Plus plus, Slash slash) {
  for (size_t i = 0; i < text.size();) {
    // Nearly all of nearly every path is plain: copy it in runs.
    size_t end = i;
    while (end < text.size() && (is_unreserved(text[end]) || (text[end] == '/' && slash == Slash::plain))) ++end;
    out.append(text, i, end - i);
    i = end;
    if (i == text.size()) return;
    const char c = text[i];
    if (c == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      append_byte(out, static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 3;
    } else {
      if (c == '+' && plus == Plus::space) {
        out += "%20";
      } else {
        append_escaped(out, c);
      }
      ++i;
    }
  }
}

std::string normalised_path(std::string_view path) {
  std::vector<std::string_view> segments;
  size_t begin = 0;
  std::string_view last;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    last = path.substr(begin, end - begin);
    if (last == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!last.empty() && last != ".") {
      segments.push_back(last);
    }
    begin = end + 1;
  }
  std::string out;
  out.reserve(path.size() + 16);
  for (const std::string_view segment : segments) {
    out += '/';
    for (const char c : segment) append_byte(out, c);
  }
  // What ends in a slash or a dot segment names a folder.
  const bool is_folder = last.empty() || last == "." || last == "..";
  if (segments.empty() || (is_folder && path.size() > 1)) out += '/';
  return out;
}

void append_header_value(std::string& out, std::string_view value) {
  while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
  while (true) {
    size_t end = 0;
    while (end < value.size() && !is_blank(value[end])) ++end;
    out.append(value.substr(0, end));
    if (end == value.size()) return;
    out += ' ';
    while (is_blank(value[end])) ++end;  // the last character is no blank
    value.remove_prefix(end);
  }
}

// An absent header gives an empty value, as S3 shows it: no signer agrees with it by accident.
void append_header_line(std::string& out, const http::Headers& headers, std::string_view name) {
  const size_t at = out.size();
  out += name;
  std::transform(out.begin() + static_cast<std::ptrdiff_t>(at), out.end(),
                 out.begin() + static_cast<std::ptrdiff_t>(at),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  out += ':';
  bool is_first = true;
  for (const auto& [field_name, value] : headers.fields()) {
    if (field_name.size() != name.size() || !equals_ignore_case(field_name, name)) continue;
    if (!is_first) out += ',';
    is_first = false;
    append_header_value(out, value);
  }
  out += '\n';
}

template <typename Visit>
void for_each_name(std::string_view list, Visit visit) {
  while (true) {
    const size_t end = list.find(';');
    visit(list.substr(0, end));
    if (end == std::string_view::npos) return;
    list.remove_prefix(end + 1);
  }
}

void append_query(std::string& out, std::string_view query, std::string_view except) {
  if (query.empty()) return;
  struct Parameter {
    size_t begin, name_size, size;  // in `encoded`: name, then value
  };
  std::string encoded;
  encoded.reserve(query.size() + query.size() / 2);
  std::vector<Parameter> parameters;
  parameters.reserve(static_cast<size_t>(std::count(query.begin(), query.end(), '&')) + 1);
  while (const auto raw = http::next_parameter(query)) {
    const size_t at = encoded.size();
    append_normalised(encoded, raw->name, Plus::space, Slash::escaped);
    const size_t name_size = encoded.size() - at;
    if (!except.empty() && std::string_view(encoded).substr(at) == except) {
      encoded.resize(at);
      continue;
    }
    if (raw->value) append_normalised(encoded, *raw->value, Plus::space, Slash::escaped);
    parameters.push_back({at, name_size, encoded.size() - at});
  }
  const std::string_view text = encoded;
  const auto name_of = [&](const Parameter& p) { return text.substr(p.begin, p.name_size); };
  const auto value_of = [&](const Parameter& p) { return text.substr(p.begin + p.name_size, p.size - p.name_size); };
  std::sort(parameters.begin(), parameters.end(), [&](const Parameter& a, const Parameter& b) {
    return std::pair(name_of(a), value_of(a)) < std::pair(name_of(b), value_of(b));
  });
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (i > 0) out += '&';
    out += name_of(parameters[i]);
    out += '=';
    out += value_of(parameters[i]);
  }
}

void append_as_sent(std::string& out, std::string_view path) {
  // An escaped slash stays escaped: it was sent, and signed, as part of a name.
  while (true) {
    size_t at = path.find('%');
    while (at != std::string_view::npos &&
           !(at + 2 < path.size() && path[at + 1] == '2' && (path[at + 2] | 0x20) == 'f')) {
      at = path.find('%', at + 1);
    }
    append_normalised(out, path.substr(0, at), Plus::literal, Slash::plain);
    if (at == std::string_view::npos) return;
    out += "%2F";
    path.remove_prefix(at + 3);
  }
}

}  // namespace

std::string canonical_path(std::string_view wire_path, PathRule rule) {
  if (wire_path.empty()) return "/";
  if (rule == PathRule::normalised) return normalised_path(wire_path);
  std::string out;
  out.reserve(wire_path.size() + 16);
  append_as_sent(out, wire_path);
  return out;
}

std::string canonical_query(std::string_view wire_query, std::string_view except) {
  std::string out;
  append_query(out, wire_query, except);
  return out;
}

std::string canonical_header_value(std::string_view value) {
  std::string out;
  append_header_value(out, value);
  return out;
}

std::string canonical_request(const CanonicalInput& input) {
  std::string out;
  out.reserve(512 + input.path.size() + input.query.size());
  out += input.method;
  out += '\n';
  if (input.path_rule == PathRule::as_sent && !input.path.empty()) {
    append_as_sent(out, input.path);
  } else {
    out += canonical_path(input.path, input.path_rule);
  }
  out += '\n';
  append_query(out, input.query, input.except_parameter);
  out += '\n';
  for_each_name(input.signed_headers, [&](std::string_view name) { append_header_line(out, input.headers, name); });
  out += '\n';
  out += input.signed_headers;
  out += '\n';
  out += input.payload_hash;
  return out;
}

bool lists_header(std::string_view signed_headers, std::string_view name) {
  bool found = false;
  for_each_name(signed_headers, [&](std::string_view listed) {
    found = found || (listed.size() == name.size() && equals_ignore_case(listed, name));
  });
  return found;
}

}  // namespace aerolith::auth
