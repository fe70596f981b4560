#!/bin/sh
# Copies a finished run of train-models.sh into the folder Models, with what 'eval' says about its test set:
#
#     Scripts/keep-model.sh resnet20-4bit cifar10
set -e
name=$1 data=$2
[ -n "$data" ] || { sed -n '2,4p' "$0"; exit 2; }
shared=${DEEPCHIP_SHARED:-../shared}
deepchip=${DEEPCHIP:-.build/release/deepchip}
case $data in
  cifar10) set_=cifar10:$shared/data/cifar-10-batches-bin ;;
  mnist) set_=mnist:$shared/data/mnist ;;
  *) echo "data is cifar10 or mnist, not $data" >&2; exit 2 ;;
esac
mkdir -p "Models/$name"
cp "Runs/$name.dchip" "Models/$name/model.dchip"
cp "Runs/$name/config.json" "Runs/$name/metrics.jsonl" "Models/$name/"
"$deepchip" eval "Models/$name/model.dchip" --data "$set_" --json | tr -d ' \n' \
  | sed "s/.*\"images\":\([0-9]*\).*\"top1Count\":\([0-9]*\).*/{ \"data\": \"$data\", \"images\": \1, \"top1Count\": \2 }/" \
  > "Models/$name/result.json"
echo >> "Models/$name/result.json"
cat "Models/$name/result.json"
