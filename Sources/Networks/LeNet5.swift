import Graphs

extension NetworkKind {
  /// LeNet-5 in Caffe's form: two convolutions of 5x5 with 20 and 50 filters, dense layers of 500 and the classes.
  ///
  /// 431,080 parameters and 2,293,000 MAC for 1 x 28 x 28. Departure from Caffe's file, which has no activation between
  /// convolutions: one stands after each pooling, because quantized activations need limits.
  ///
  /// - Source: LeCun et al., *Gradient-Based Learning Applied to Document Recognition*, 1998; Caffe's `lenet.prototxt`.
  static let leNet5 = NetworkKind(
    "lenet5", help: "LeNet-5 for MNIST in the 20-50-500 form: 431,080 parameters.", input: [1, 28, 28], classes: 10
  ) { (sketch, _) throws(GraphError) in
    var x = sketch.input
    for (name, filters) in [("conv1", 20), ("conv2", 50)] {
      x = try sketch.convolution(x, filters, 5, padding: .valid, bias: true, name: name)
      x = try sketch.maximumPooling(x, 2, stride: 2, name: name + ".pool")
      x = try sketch.activation(x, name: name + ".relu")
    }
    x = try sketch.dense(x, 500, bias: true, name: "ip1")
    x = try sketch.activation(x, name: "ip1.relu")
    return try sketch.classifier(x, name: "ip2")
  }

  /// `lenet5` with a batch normalization instead of the bias of each layer but the last.
  static let normalizedLeNet5 = NetworkKind(
    "lenet5-bn", help: "LeNet-5 for MNIST with batch normalization.", input: [1, 28, 28], classes: 10
  ) { (sketch, _) throws(GraphError) in
    var x = sketch.input
    for (name, filters) in [("conv1", 20), ("conv2", 50)] {
      x = try sketch.convolution(x, filters, 5, padding: .valid, name: name)
      x = try sketch.normalization(x, name: name + ".bn")
      x = try sketch.maximumPooling(x, 2, stride: 2, name: name + ".pool")
      x = try sketch.activation(x, name: name + ".relu")
    }
    x = try sketch.dense(x, 500, name: "ip1")
    x = try sketch.normalizedActivation(x, name: "ip1")
    return try sketch.classifier(x, name: "ip2")
  }
}
