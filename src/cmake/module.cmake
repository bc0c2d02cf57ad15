# duckpond_module(name [LINK libraries…]): src/<name>/*.cc as the static library duckpond_<name>, and
# src/<name>/*_test.cc as the test program <name>_test, run by ctest under the label "unit". With
# DUCKPOND_FUZZ, each src/<name>/<what>_fuzz.cc becomes the fuzzer <name>_<what>_fuzz instead; the target
# `fuzzers` builds them all.
if(DUCKPOND_FUZZ)
  add_custom_target(fuzzers)
endif()

function(duckpond_module name)
  cmake_parse_arguments(ARG "" "" "LINK;TEST_LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS
       ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  add_library(duckpond_${name} STATIC ${sources})
  target_include_directories(duckpond_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(duckpond_${name} PUBLIC ${ARG_LINK})

  if(DUCKPOND_FUZZ)
    file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*_fuzz.cc)
    foreach(fuzzer ${fuzzers})
      get_filename_component(what ${fuzzer} NAME_WE)
      set(target ${name}_${what})
      add_executable(${target} ${fuzzer})
      target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
      add_dependencies(fuzzers ${target})
      target_link_libraries(${target} PRIVATE duckpond_${name})
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    endforeach()
  elseif(tests)
    add_executable(${name}_test ${tests})
    target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name}_test PRIVATE duckpond_${name} ${ARG_TEST_LINK} GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE
                               DUCKPOND_GOLDEN_DIR="${CMAKE_SOURCE_DIR}/tests/golden")
    add_test(NAME ${name}_test COMMAND ${name}_test)
    set_tests_properties(${name}_test PROPERTIES LABELS unit)
  endif()
endfunction()
