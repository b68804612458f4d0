#!/usr/bin/env bash
# Makes the Python environment of the peers, from PyPI: environment.sh FOLDER. What cannot be had is left out; the
# benchmarks then report it as missing. PyTorch brings its CUDA libraries with it: 6 GB of disk in all.
set -euo pipefail
folder=${1:?usage: environment.sh FOLDER}

[[ -x $folder/bin/python ]] || python3 -m venv "$folder"

# have MODULE PACKAGE...: installs the packages where the module cannot be imported.
have() {
  local module=$1
  shift
  "$folder/bin/python" -c "import $module" 2>/dev/null && return 0
  echo "installing $* for the benchmarks' peers" >&2
  "$folder/bin/python" -m pip install --quiet "$@" >&2 || echo "$* could not be installed: reported as missing" >&2
}
have numpy numpy
have scipy scipy
have jax jax
# Where there is an NVIDIA GPU, JAX needs its CUDA packages; PyTorch brings its own.
if nvidia-smi -L 2>/dev/null | grep -q '^GPU'; then
  cuda=$(nvidia-smi | sed -n 's/.*CUDA Version: *\([0-9]*\).*/\1/p')
  ((${cuda:-12} >= 13)) && cuda=13 || cuda=12
  have "jax_cuda${cuda}_plugin" "jax[cuda$cuda]"
fi
if "$folder/bin/python" -c 'import torch' 2>/dev/null; then
  :
elif (($(df --output=avail -B1G "$folder" | tail -1) > 12)); then
  echo "torch takes 6 GB of disk: its package has CUDA's libraries, also where there is no GPU" >&2
  have torch torch
else
  echo "not enough disk for torch (it takes 6 GB): reported as missing" >&2
fi
