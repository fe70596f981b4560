// The digest functions of OpenSSL's libcrypto; Apple systems have CryptoKit instead.
#include <openssl/evp.h>
