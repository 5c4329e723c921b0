#!/usr/bin/env bash
# A certificate by which scheduler, workers and qtopt know each other: scripts/cluster_certificates.sh FOLDER
# Whoever can read the key can run programs as you: the folder is for you alone. See docs/cluster.md.
set -euo pipefail
mkdir -p "$1"
chmod 700 "$1"
openssl req -x509 -newkey rsa:2048 -nodes -days "${DAYS:-30}" -subj "/CN=qtopt" \
  -keyout "$1/key.pem" -out "$1/cert.pem" 2>/dev/null
chmod 600 "$1/key.pem"
