#include "resources.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// One line for each file of the folder Recipes, by the alphabet.
static const unsigned char convnet_cifar10[] = {
#embed "../../Recipes/convnet-cifar10.json"
};
static const unsigned char convnet_cifar10_longer[] = {
#embed "../../Recipes/convnet-cifar10-longer.json"
};
static const unsigned char convnet_cifar10_longest[] = {
#embed "../../Recipes/convnet-cifar10-longest.json"
};
static const unsigned char convnet_cifar10_ternary[] = {
#embed "../../Recipes/convnet-cifar10-ternary.json"
};
static const unsigned char convnet_cifar10_ternary_shaped[] = {
#embed "../../Recipes/convnet-cifar10-ternary-shaped.json"
};
static const unsigned char digits[] = {
#embed "../../Recipes/digits.json"
};
static const unsigned char digits_ternary[] = {
#embed "../../Recipes/digits-ternary.json"
};
static const unsigned char lenet5_mnist[] = {
#embed "../../Recipes/lenet5-mnist.json"
};
static const unsigned char lenet5_mnist_ternary[] = {
#embed "../../Recipes/lenet5-mnist-ternary.json"
};
static const unsigned char resnet20_cifar10_2bit[] = {
#embed "../../Recipes/resnet20-cifar10-2bit.json"
};
static const unsigned char resnet20_cifar10_2bit_longer[] = {
#embed "../../Recipes/resnet20-cifar10-2bit-longer.json"
};
static const unsigned char resnet20_cifar10_4bit[] = {
#embed "../../Recipes/resnet20-cifar10-4bit.json"
};
static const unsigned char resnet20_cifar10_binary[] = {
#embed "../../Recipes/resnet20-cifar10-binary.json"
};
static const unsigned char resnet20_cifar10_ternary[] = {
#embed "../../Recipes/resnet20-cifar10-ternary.json"
};
static const unsigned char resnet20_cifar10_ternary_longer[] = {
#embed "../../Recipes/resnet20-cifar10-ternary-longer.json"
};
static const unsigned char resnet44_cifar10_ternary[] = {
#embed "../../Recipes/resnet44-cifar10-ternary.json"
};
static const unsigned char resnet44_cifar10_ternary_thinner[] = {
#embed "../../Recipes/resnet44-cifar10-ternary-thinner.json"
};

static const dc_recipe recipes[] = {
    {"convnet-cifar10", convnet_cifar10, sizeof convnet_cifar10},
    {"convnet-cifar10-longer", convnet_cifar10_longer, sizeof convnet_cifar10_longer},
    {"convnet-cifar10-longest", convnet_cifar10_longest, sizeof convnet_cifar10_longest},
    {"convnet-cifar10-ternary", convnet_cifar10_ternary, sizeof convnet_cifar10_ternary},
    {"convnet-cifar10-ternary-shaped", convnet_cifar10_ternary_shaped, sizeof convnet_cifar10_ternary_shaped},
    {"digits", digits, sizeof digits},
    {"digits-ternary", digits_ternary, sizeof digits_ternary},
    {"lenet5-mnist", lenet5_mnist, sizeof lenet5_mnist},
    {"lenet5-mnist-ternary", lenet5_mnist_ternary, sizeof lenet5_mnist_ternary},
    {"resnet20-cifar10-2bit", resnet20_cifar10_2bit, sizeof resnet20_cifar10_2bit},
    {"resnet20-cifar10-2bit-longer", resnet20_cifar10_2bit_longer, sizeof resnet20_cifar10_2bit_longer},
    {"resnet20-cifar10-4bit", resnet20_cifar10_4bit, sizeof resnet20_cifar10_4bit},
    {"resnet20-cifar10-binary", resnet20_cifar10_binary, sizeof resnet20_cifar10_binary},
    {"resnet20-cifar10-ternary", resnet20_cifar10_ternary, sizeof resnet20_cifar10_ternary},
    {"resnet20-cifar10-ternary-longer", resnet20_cifar10_ternary_longer, sizeof resnet20_cifar10_ternary_longer},
    {"resnet44-cifar10-ternary", resnet44_cifar10_ternary, sizeof resnet44_cifar10_ternary},
    {"resnet44-cifar10-ternary-thinner", resnet44_cifar10_ternary_thinner, sizeof resnet44_cifar10_ternary_thinner},
};

const dc_recipe *dc_recipes(size_t *count) {
  *count = sizeof recipes / sizeof recipes[0];
  return recipes;
}
