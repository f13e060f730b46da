"""Names: AWS spelling to C++ spelling, and C++ literals."""

import re

_KEYWORDS = frozenset(
    """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class co_await
co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete do
double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace
new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires return
short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef
typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq linux unix major minor stdin stdout
stderr errno
""".split()
)

# Words that the rule below would cut at the wrong place.
_WHOLE_WORDS = (
    ("ETag", "Etag"),
    ("SSEKMS", "SseKms"),
    ("IPv4", "Ipv4"),
    ("IPv6", "Ipv6"),
    ("IpV4", "Ipv4"),
    ("IpV6", "Ipv6"),
)
_PLURAL = re.compile(r"([A-Z]{2,})s(?=[A-Z]|$)")
_WORD = re.compile(r"[A-Z]+[0-9]*[A-Z]*(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+")


def snake(name: str) -> str:
    """ChecksumCRC32C -> checksum_crc32c, VPCs -> vpcs, delete -> delete_."""
    for word, replacement in _WHOLE_WORDS:
        name = name.replace(word, replacement)
    name = _PLURAL.sub(lambda m: m.group(1).capitalize() + "s", name)
    words = _WORD.findall(name)
    result = "_".join(word.lower() for word in words) or "_"
    if result[0].isdigit():
        result = "_" + result
    return result + "_" if result in _KEYWORDS else result


def pascal(name: str) -> str:
    """A type's name: the model's, with a capital first and no foreign characters."""
    name = re.sub(r"[^0-9A-Za-z_]", "", name)
    return name[0].upper() + name[1:]


def namespace(service: str) -> str:
    result = re.sub(r"[^0-9a-z]+", "_", service.lower())
    return result + "_" if result in _KEYWORDS else result


def literal(text: str) -> str:
    """A C++ string literal of these UTF-8 bytes."""
    out = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out).replace("??", "?\\?") + '"'
