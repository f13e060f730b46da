# How rooms, tests and fuzz targets are built. A room is one static library made of src/<room>/*.cc;
# x_test.cc beside x.cc goes to the room's test program, x_fuzz.cc is a fuzz target of its own.

find_package(OpenSSL 3 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
if(AEROLITH_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # What one clone has compiled, another one need not: paths within the source tree don't count.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
endif()
find_program(MOLD mold)
if(MOLD AND NOT AEROLITH_FUZZ)
  # Start-up and error paths lie apart from the rest: 3 MB less of the program are resident when it is idle.
  add_link_options(-fuse-ld=mold -Wl,--gc-sections -Wl,-z,keep-text-section-prefix)
endif()

add_library(aerolith_flags INTERFACE)
target_compile_options(aerolith_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror -fno-omit-frame-pointer
  # Designated initializers leave members at their defaults on purpose.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms of g++ 12 on std::string: https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105651
  target_compile_options(aerolith_flags INTERFACE -Wno-restrict)
endif()
target_include_directories(aerolith_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
if(AEROLITH_SANITIZE)
  add_compile_options(-fsanitize=${AEROLITH_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${AEROLITH_SANITIZE})
endif()
if(AEROLITH_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# The release build compiles eight sources of a room as one, which takes half the time. So names in unnamed namespaces
# are one of a kind in a room, but for those of rooms that are marked APART. The other builds compile each by itself.
# g++ takes such a source for a header, and warns of types that hold what is in its unnamed namespace.
set(AEROLITH_BEFORE_SOURCE "#pragma GCC diagnostic ignored \"-Wsubobject-linkage\"")

# aerolith_room(<path under src> [APART] [DEPENDS other rooms] [LIBRARIES outside libraries, private])
function(aerolith_room path)
  cmake_parse_arguments(ROOM "APART" "" "DEPENDS;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" name ${path})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${path}/*.cc ${CMAKE_SOURCE_DIR}/src/${path}/operations/*.cc)
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cc$")
  if(NOT sources)
    return()
  endif()
  add_library(${name} STATIC ${sources})
  set_target_properties(${name} PROPERTIES UNITY_BUILD_CODE_BEFORE_INCLUDE "${AEROLITH_BEFORE_SOURCE}")
  # A table of operations takes long by itself, and shares little. -O2 costs a quarter more than -O1, and shows where calls
  # are counted in tens of thousands a second: S3's.
  set(tables ${sources})
  list(FILTER tables INCLUDE REGEX "/(rows_[a-z_]+|service)\\.cc$")
  set_source_files_properties(${tables} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  if(CMAKE_UNITY_BUILD AND NOT path STREQUAL "services/s3")
    set_source_files_properties(${tables} PROPERTIES COMPILE_OPTIONS -O1)
  endif()
  if(ROOM_APART)
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  endif()
  target_link_libraries(${name} PUBLIC aerolith_flags ${ROOM_DEPENDS} PRIVATE ${ROOM_LIBRARIES})
  if(AEROLITH_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${ROOM_LIBRARIES} GTest::gtest_main)
    target_compile_options(${name}_test PRIVATE -O0)  # half the time to compile
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60)
  endif()
  if(AEROLITH_FUZZ)
    foreach(source ${fuzzers})
      get_filename_component(fuzzer ${source} NAME_WE)
      add_executable(${fuzzer} ${source})
      target_link_libraries(${fuzzer} PRIVATE ${name} ${ROOM_LIBRARIES})
      target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()
