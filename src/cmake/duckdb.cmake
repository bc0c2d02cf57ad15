# DuckDB's headers (its source tree) and library as the target `duckdb`. scripts/setup puts both into
# the cache folder; DUCKDB_ROOT names another place laid out the same way:
#   $DUCKDB_ROOT/external/duckdb/{src,extension,third_party}   $DUCKDB_ROOT/lib/libduckdb.so
file(STRINGS ${CMAKE_SOURCE_DIR}/scripts/versions.env versions)
list(FILTER versions INCLUDE REGEX "^DUCKDB_VERSION=")
string(REGEX REPLACE "^DUCKDB_VERSION=" "" DUCKPOND_DUCKDB_VERSION "${versions}")

if(NOT DUCKPOND_DUCKDB_ROOT)
  if(DEFINED ENV{DUCKPOND_DEV_CACHE})
    set(cache $ENV{DUCKPOND_DEV_CACHE})
  else()
    set(cache $ENV{HOME}/.cache/duckpond-dev)
  endif()
  set(DUCKPOND_DUCKDB_ROOT ${cache}/duckdb-${DUCKPOND_DUCKDB_VERSION})
endif()
set(duckdb_source ${DUCKPOND_DUCKDB_ROOT}/external/duckdb)
set(duckdb_library ${DUCKPOND_DUCKDB_ROOT}/lib/libduckdb.so)
if(NOT EXISTS ${duckdb_source}/src/include/duckdb.hpp OR NOT EXISTS ${duckdb_library})
  message(FATAL_ERROR "DuckDB ${DUCKPOND_DUCKDB_VERSION} is not in ${DUCKPOND_DUCKDB_ROOT}: run scripts/setup build")
endif()

add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES IMPORTED_LOCATION ${duckdb_library} IMPORTED_SONAME libduckdb.so)
foreach(folder src/include extension/parquet/include third_party/parquet third_party/thrift
        third_party/fastpforlib third_party/snappy third_party/zstd/include third_party/yyjson/include
        third_party/miniz third_party/lz4 third_party/brotli/include)
  target_include_directories(duckdb SYSTEM INTERFACE ${duckdb_source}/${folder})
endforeach()

# Program and extension look for the library beside themselves.
file(COPY ${duckdb_library} DESTINATION ${CMAKE_BINARY_DIR})
