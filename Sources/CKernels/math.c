#include "dc_math.h"  // keeps the target a library where no kernel is compiled
