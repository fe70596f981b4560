import Graphs
import Networks
import Tensors
import Testing

@Suite struct NetworkNameTests {
  @Test("Usages occur once, examples are of their own kind, help texts are sentences")
  func list() throws {
    #expect(Set(NetworkKind.all.map(\.usage)).count == NetworkKind.all.count)
    for kind in NetworkKind.all {
      #expect(kind.example.hasPrefix(kind.prefix) && kind.help.hasSuffix("."))
    }
    #expect(
      NetworkKind.all.map(\.usage) == [
        "convnet-svhn", "preresnetD", "alexnet", "resnetD", "lenet5", "lenet5-bn", "vgg-small", "wrn-D-K",
        "densenet-bc-L-K", "mobilenetv1[-W]", "mobilenetv2[-W]", "squeezenet1.0", "squeezenet1.1", "ds-cnn", "ad",
        "digits-convnet",
      ])
  }

  @Test("Numbers in a name are read", arguments: [("mobilenetv1-0.25", 470_072), ("mobilenetv1-0.5", 1_331_592)])
  func numbers(name: String, trainedCount: Int) throws {
    let counts = Counts(try Networks.named(name))
    #expect(counts.trainedCount == trainedCount)
  }

  @Test("Names are known before a network is built")
  func known() {
    for kind in NetworkKind.all { #expect(Networks.has(kind.example)) }
    for name in ["", "resnet", "resnet21", "lenet", "runs/resnet20", "resnet20.onnx"] { #expect(!Networks.has(name)) }
  }

  @Test("A width of 1 may be left out")
  func defaults() throws {
    let graph = try Networks.named("mobilenetv2", input: [3, 32, 32])
    let other = try Networks.named("mobilenetv2-1.0", input: [3, 32, 32])
    #expect(graph == other)
  }

  @Test(
    "A wrong name says what there is",
    arguments: [
      (
        "lenet",
        "'lenet': no such network. Known are convnet-svhn, preresnetD, alexnet, resnetD, lenet5, lenet5-bn, vgg-small, "
          + "wrn-D-K, densenet-bc-L-K, mobilenetv1[-W], mobilenetv2[-W], squeezenet1.0, squeezenet1.1, ds-cnn, ad, "
          + "digits-convnet."
      ),
      ("resnet", "'resnet': is not of the form resnetD, as in resnet20."),
      ("resnet-20", "'resnet-20': is not of the form resnetD, as in resnet20."),
      ("resnet21", "'resnet21': D is a depth of 6n + 2, 8 to 1202."),
      ("resnet20.5", "'resnet20.5': D is a depth of 6n + 2, 8 to 1202."),
      ("resnet1e2", "'resnet1e2': is not of the form resnetD, as in resnet20."),
      ("wrn-16", "'wrn-16': is not of the form wrn-D-K, as in wrn-16-4."),
      ("wrn-16-4-", "'wrn-16-4-': is not of the form wrn-D-K, as in wrn-16-4."),
      ("wrn-16-40", "'wrn-16-40': K is a widening factor, 1 to 12."),
      ("mobilenetv2-", "'mobilenetv2-': is not of the form mobilenetv2[-W], as in mobilenetv2-0.5."),
      ("mobilenetv2-9", "'mobilenetv2-9': W is a factor on the channels, 0.1 to 4."),
      ("lenet5x", "'lenet5x': is not of the form lenet5, as in lenet5."),
      ("wrn-99999999999999999999-4", "'wrn-99999999999999999999-4': is not of the form wrn-D-K, as in wrn-16-4."),
    ])
  func refusals(name: String, message: String) {
    let error = #expect(throws: NetworkError.self) { try Networks.named(name) }
    #expect(error?.description == message)
  }

  @Test("Inputs and classes that do not fit are refused with what would")
  func arguments() {
    func message(_ name: String, classes: Int? = nil, input: Shape? = nil) -> String? {
      #expect(throws: NetworkError.self) { try Networks.named(name, classes: classes, input: input) }?.description
    }
    #expect(
      message("resnet20", input: [32, 32])
        == "'resnet20': takes no input 32x32. Give 3 extents of 1 to 16384, as in 3x32x32.")
    #expect(
      message("ad", input: [0]) == "'ad': takes no input 0. Give 1 extents of 1 to 16384, as in 640.")
    #expect(message("resnet20", classes: 0) == "'resnet20': 0 classes. Give 1 to 1048576.")
    #expect(
      message("ad", classes: 2)
        == "'ad': has no classes, it gives back its input. Leave the number of classes out.")
    #expect(
      message("convnet-svhn", input: [3, 32, 32])
        == "'convnet-svhn': does not fit its input: node 'conv6': the result would have no elements along an axis: "
        + "the window is larger than its input. Give larger pictures.")
    #expect(
      message("lenet5", input: [1, 16384, 16384])
        == "'lenet5': node 'ip1' would take the weights beyond a gigabyte. Give smaller pictures.")
  }
}
