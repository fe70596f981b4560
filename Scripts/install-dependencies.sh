#!/bin/bash
# Installs the libraries that DeepChip links to, if they are missing: zlib, libpng, libjpeg-turbo and, but for macOS,
# libcrypto, with headers.
#
#   Scripts/install-dependencies.sh
#
# On Debian and Ubuntu through apt-get (as root, or with a sudo that asks for no password), on macOS through Homebrew;
# elsewhere it says what to install. Does nothing when all is there. Swift is only looked for.
set -euo pipefail

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

command -v swift > /dev/null || fail "Swift was not found. DeepChip needs Swift 6.2 or later:" \
  "install it from https://www.swift.org/install and run this again."

libraries=(zlib libpng libturbojpeg)
[ "$(uname)" = Darwin ] || libraries+=(libcrypto)
packages_for_apt=(zlib1g-dev libpng-dev libturbojpeg0-dev libssl-dev)
packages_for_brew=(zlib libpng jpeg-turbo)

# Prints the libraries that pkg-config does not find; all of them when there is no pkg-config.
missing() {
  local library
  for library in "${libraries[@]}"; do
    pkg-config --exists "$library" 2> /dev/null || printf '%s ' "$library"
  done
}

if [ -z "$(missing)" ]; then exit 0; fi
echo "Missing: $(missing)" >&2

if command -v apt-get > /dev/null; then
  command="apt-get install --no-install-recommends --yes pkg-config ${packages_for_apt[*]}"
  if [ "$(id -u)" = 0 ]; then
    root=(env DEBIAN_FRONTEND=noninteractive)
  elif command -v sudo > /dev/null && sudo --non-interactive true 2> /dev/null; then
    root=(sudo --non-interactive env DEBIAN_FRONTEND=noninteractive)
  else
    fail "Root rights are needed to install it. Run:" "  sudo apt-get update" "  sudo $command"
  fi
  "${root[@]}" apt-get update --quiet >&2
  # The list is split into words on purpose.
  # shellcheck disable=SC2086
  "${root[@]}" $command >&2
elif command -v brew > /dev/null; then
  brew install pkg-config "${packages_for_brew[@]}" >&2
else
  fail "Install pkg-config and the development files of these libraries with your system's package manager:" \
    "  zlib, libpng, libturbojpeg (of libjpeg-turbo), libcrypto (of OpenSSL)" \
    "On Fedora: sudo dnf install pkgconf zlib-devel libpng-devel turbojpeg-devel openssl-devel" \
    "On Arch:   sudo pacman -S pkgconf zlib libpng libjpeg-turbo openssl" \
    "On macOS:  install Homebrew from https://brew.sh, then run this again."
fi

if [ -n "$(missing)" ]; then fail "Still not found by pkg-config: $(missing)"; fi
