#!/bin/sh
# Trains a model of the folder Models, or goes on with its run:
#
#     Scripts/train-models.sh resnet20-ternary [--time-budget 2h]
#
# A run is in Runs/NAME, or in Models/NAME/run where one that is not done was committed. The data and the float networks are
# looked for in DEEPCHIP_SHARED (../shared). Run it from the root of the repository: runs know their files by these paths.
set -e
name=$1
[ -n "$name" ] || { sed -n '2,8p' "$0"; exit 2; }
shift
shared=${DEEPCHIP_SHARED:-../shared}
cifar10=cifar10:$shared/data/cifar-10-batches-bin
mnist=mnist:$shared/data/mnist
models=$shared/data/models
deepchip=${DEEPCHIP:-.build/release/deepchip}
[ -x "$deepchip" ] || swift build -c release --product deepchip
run=Runs/$name
[ -d "Models/$name/run" ] && run=Models/$name/run
mkdir -p Runs

# The teacher: ResNet-44 with 8-bit weights after 512 calibration pictures, as fast as it is right.
teacher=Runs/resnet44-int8.dchip
teach() {
  [ -f $teacher ] || "$deepchip" quantize "$models/resnet44.onnx" --data "$cifar10" \
    --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 -o $teacher
}

# Four networks of the same form, asked together.
teachers() {
  printf -- '--teacher %s ' $teacher
  for other in 0.22-longest 0.22-taught 0.42; do printf -- '--teacher %s ' "Runs/resnet44-ternary-$other.dchip"; done
}

train() {
  if [ -f "$run/config.json" ]; then
    "$deepchip" train --resume "$run" "$@"
  else
    [ "$arguments" ] || { echo "no model $name" >&2; exit 2; }
    # Words of the arguments are apart on purpose.
    # shellcheck disable=SC2086
    "$deepchip" train $arguments --run "$run" -o "Runs/$name.dchip" "$@"
  fi
}

# vary RECIPE SCRIPT: a recipe of the run's own, which is RECIPE as sed changes it by SCRIPT.
vary() {
  recipe=Runs/$name.json
  sed "$2" "Recipes/$1.json" > "$recipe"
}

# from_ternary FROM DENSITY INITIAL [SCRIPT]: goes on with a ternary ResNet-44, from density INITIAL to DENSITY.
from_ternary() {
  vary resnet44-cifar10-ternary-thinner "s/\"initial\": [0-9.]*/\"initial\": $3/; $4"
  arguments="Runs/resnet44-ternary-$1 --recipe $recipe --density $2 --data $cifar10"
}

# thinner DENSITY FROM [SCRIPT]: from the latent weights of the denser network FROM, a density and perhaps more of its name.
thinner() {
  from_ternary "$2/trained.dchip" "$1" "${2%%-*}" "$3"
  arguments="$arguments --teacher $teacher"
}

# shaped DENSITY: goes on from the latent weights of the ConvNet of density 0.10 with densities by the shapes of layers.
shaped() {
  vary convnet-cifar10-ternary-shaped "s/0\.025/$1/g"
  arguments="Runs/convnet-ternary-0.10/trained.dchip --recipe $recipe --data $cifar10 --teacher $teacher"
}

# Keys that recipes get in front of their quantization.
recycling='s/"quantization":/"recycling": 0.025, "quantization":/'
mixup='s/"quantization":/"mixup": 0.3, "quantization":/'

case $name in
  resnet20-ternary) teach; arguments="$models/resnet20.onnx --recipe resnet20-cifar10-ternary --data $cifar10 --teacher $teacher" ;;
  resnet20-ternary-longer) teach; arguments="Runs/resnet20-ternary/trained.dchip --recipe resnet20-cifar10-ternary-longer --data $cifar10 --teacher $teacher" ;;
  resnet20-2bit) teach; arguments="$models/resnet20.onnx --recipe resnet20-cifar10-2bit --data $cifar10 --teacher $teacher" ;;
  resnet20-2bit-longer) teach; arguments="Runs/resnet20-2bit/trained.dchip --recipe resnet20-cifar10-2bit-longer --data $cifar10 --teacher $teacher" ;;
  resnet20-2bit-longest) teach; vary resnet20-cifar10-2bit-longer "s/\"epochs\": 60/\"epochs\": 64/; $recycling"
    arguments="Runs/resnet20-2bit-longer --recipe $recipe --data $cifar10 --teacher $teacher" ;;
  resnet20-4bit) teach; arguments="$models/resnet20.onnx --recipe resnet20-cifar10-4bit --data $cifar10 --teacher $teacher" ;;
  resnet20-binary) teach; arguments="$models/resnet20.onnx --recipe resnet20-cifar10-binary --data $cifar10 --teacher $teacher" ;;
  resnet44-ternary-0.42) teach; arguments="$models/resnet44.onnx --recipe resnet44-cifar10-ternary --density 0.42 --data $cifar10 --teacher $teacher" ;;
  resnet44-ternary-0.42-denser) teach; from_ternary 0.22-longest/trained.dchip 0.42 0.42 's/"peak": 0.03/"peak": 0.01/'
    arguments="$arguments --epochs 7 --teacher $teacher" ;;
  resnet44-ternary-0.25) teach; arguments="$models/resnet44.onnx --recipe resnet44-cifar10-ternary --density 0.25 --epochs 10 --data $cifar10 --teacher $teacher" ;;
  resnet44-ternary-0.22) teach; thinner 0.22 0.25 ;;
  resnet44-ternary-0.22-longer) teach; thinner 0.22 0.22 ;;
  resnet44-ternary-0.22-longest) teach; thinner 0.22 0.22-longer; arguments="$arguments --epochs 22" ;;
  resnet44-ternary-0.22-taught) teach; thinner 0.22 0.22-longest "$recycling"
    arguments="$arguments --teacher Runs/resnet44-ternary-0.22-longest.dchip --teacher Runs/resnet44-ternary-0.42.dchip" ;;
  resnet44-ternary-0.42-mixed) teach; from_ternary 0.22-taught 0.42 0.42 "$mixup"
    arguments="$arguments --epochs 18 $(teachers)" ;;
  resnet44-ternary-0.42-refined) teach; from_ternary 0.42-mixed 0.42 0.42 's/"peak": 0.03/"peak": 0.005/'
    arguments="$arguments --epochs 6 $(teachers)" ;;
  resnet44-ternary-0.15) teach; thinner 0.15 0.22 ;;
  resnet44-ternary-0.10) teach; thinner 0.10 0.15 ;;
  resnet44-ternary-0.08) teach; thinner 0.08 0.10; arguments="$arguments --epochs 12" ;;
  convnet-float) arguments="--recipe convnet-cifar10 --data $cifar10" ;;
  convnet-float-longer) arguments="Runs/convnet-float/trained.dchip --recipe convnet-cifar10-longer --data $cifar10" ;;
  convnet-float-longest) arguments="Runs/convnet-float-longer/trained.dchip --recipe convnet-cifar10-longest --data $cifar10" ;;
  convnet-ternary-0.10) arguments="Runs/convnet-float-longer/trained.dchip --recipe convnet-cifar10-ternary --data $cifar10 --teacher Runs/convnet-float-longer/trained.dchip" ;;
  convnet-ternary-0.025) arguments="Runs/convnet-ternary-0.10/trained.dchip --recipe convnet-cifar10-ternary --density 0.025 --data $cifar10 --teacher Runs/convnet-float-longer/trained.dchip" ;;
  convnet-ternary-0.10-shaped) teach; shaped 0.10 ;;
  convnet-ternary-0.025-shaped) teach; shaped 0.025 ;;
  lenet5-float) arguments="--recipe lenet5-mnist --data $mnist" ;;
  lenet5-ternary) arguments="Runs/lenet5-float/trained.dchip --recipe lenet5-mnist-ternary --data $mnist --teacher Runs/lenet5-float/trained.dchip" ;;
esac
train "$@"
