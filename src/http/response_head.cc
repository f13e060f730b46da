#include "http/response_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/encoding.h"
#include "base/time.h"

namespace aerolith::http {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 424:
      return "Failed Dependency";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

// Formatted once a second and thread.
std::string_view date_now() {
  using namespace std::chrono;
  thread_local sys_seconds formatted_at{};
  thread_local std::string text;
  const auto now = floor<seconds>(system_clock::now());
  if (now != formatted_at || text.empty()) {
    text = format_http_date(Timestamp(now));
    formatted_at = now;
  }
  return text;
}

bool is_edge_field(std::string_view name) {
  return equals_ignore_case(name, "content-length") || equals_ignore_case(name, "date") ||
         equals_ignore_case(name, "connection") || equals_ignore_case(name, "transfer-encoding");
}

void append_safe(std::string& out, std::string_view text) {
  const auto start = static_cast<std::ptrdiff_t>(out.size());
  out += text;
  std::replace_if(out.begin() + start, out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
}

// RFC 9110 section 8.6: none with 204; with 304 only what a 200 would have told.
std::optional<uint64_t> told_length(const Response& response, RequestMethod method, uint64_t body_size_bytes) {
  if (response.status == 204) return std::nullopt;
  if (response.status == 304) return response.head_content_length;
  if (method == RequestMethod::head) return response.head_content_length.value_or(body_size_bytes);
  return body_size_bytes;
}

}  // namespace

bool sends_body(int status, RequestMethod method) {
  return method != RequestMethod::head && status != 204 && status != 304;
}

std::string begin_head(const Response& response, RequestMethod method, uint64_t body_size_bytes) {
  std::string head;
  head.reserve(512);
  head += "HTTP/1.1 ";
  head += fmt::format_int(response.status).c_str();
  head += ' ';
  head += reason_phrase(response.status);
  head += "\r\nDate: ";
  head += date_now();
  head += "\r\n";
  for (const auto& [name, value] : response.headers.fields()) {
    if (is_edge_field(name)) continue;
    append_safe(head, name);
    head += ": ";
    append_safe(head, value);
    head += "\r\n";
  }
  if (const auto length = told_length(response, method, body_size_bytes)) {
    head += "Content-Length: ";
    head += fmt::format_int(*length).c_str();
    head += "\r\n";
  }
  return head;
}

void end_head(std::string& head, Persistence persistence) {
  switch (persistence) {
    case Persistence::close:
      head += "Connection: close\r\n\r\n";
      return;
    case Persistence::keep_alive:
      head += "\r\n";
      return;
    case Persistence::keep_alive_http10:
      head += "Connection: keep-alive\r\n\r\n";
      return;
  }
}

}  // namespace aerolith::http
