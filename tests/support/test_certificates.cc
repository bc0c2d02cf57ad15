// SPDX-License-Identifier: MIT
#include "tests/support/test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace duckpond {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freed<X509_free>>;
using FilePtr = std::unique_ptr<FILE, Freed<fclose>>;

struct Wanted {
  std::string name;
  long serial;
  const char* constraints;  // Whether it may sign others.
  std::string alternative_name;
};

bool AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// A certificate for `key`, signed by `issuer`, or by itself if there is none.
CertificatePtr Make(const Wanted& wanted, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  CertificatePtr made(X509_new());
  X509* certificate = made.get();
  if (issuer == nullptr) issuer = certificate;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), wanted.serial);
  // From yesterday on: clocks of containers differ.
  X509_gmtime_adj(X509_getm_notBefore(certificate), -86'400);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wanted.name.c_str()), -1, -1,
                             0);
  bool good = X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
              X509_set_pubkey(certificate, key) == 1 &&
              AddExtension(certificate, issuer, NID_basic_constraints, wanted.constraints);
  if (!wanted.alternative_name.empty()) {
    good = good && AddExtension(certificate, issuer, NID_subject_alt_name, wanted.alternative_name);
  }
  good = good && X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
  return good ? std::move(made) : nullptr;
}

Status Write(const std::string& path, X509* certificate) {
  const FilePtr file(std::fopen(path.c_str(), "w"));
  if (file == nullptr || PEM_write_X509(file.get(), certificate) != 1) {
    return Status::Internal("cannot write " + path);
  }
  return Status::Ok();
}

Status WriteKey(const std::string& path, EVP_PKEY* key) {
  const FilePtr file(std::fopen(path.c_str(), "w"));
  if (file == nullptr ||
      PEM_write_PrivateKey(file.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return Status::Internal("cannot write " + path);
  }
  return Status::Ok();
}

Status MakeAll(const TestCertificates& files, const std::string& server_name) {
  const KeyPtr authority_key(EVP_EC_gen("P-256"));
  const KeyPtr server_key(EVP_EC_gen("P-256"));
  if (authority_key == nullptr || server_key == nullptr) return Status::Internal("no keys");
  const std::string folder = std::filesystem::path(files.authority_file()).parent_path().filename();
  // Named after its folder: of two authorities of one name, one cannot be told to be unknown.
  const CertificatePtr authority = Make({"authority of " + folder, 1, "critical,CA:TRUE", ""},
                                        authority_key.get(), nullptr, authority_key.get());
  if (authority == nullptr) return Status::Internal("no authority");
  const CertificatePtr server = Make({"a test's server", 2, "CA:FALSE", server_name},
                                     server_key.get(), authority.get(), authority_key.get());
  if (server == nullptr) return Status::Internal("no certificate for " + server_name);
  RETURN_IF_ERROR(Write(files.authority_file(), authority.get()));
  RETURN_IF_ERROR(Write(files.server_file(), server.get()));
  return WriteKey(files.server_key_file(), server_key.get());
}

}  // namespace

TestCertificates::TestCertificates(const std::string& server_name) {
  status_ = MakeAll(*this, server_name);
}

}  // namespace duckpond
