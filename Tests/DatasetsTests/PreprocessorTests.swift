import Datasets
import ModelFormat
import Tensors
import Testing

@Suite struct PreprocessorTests {
  private static let imageNet = Preprocessing(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])

  @Test(
    "An input is (pixel · scale − mean) / std with three roundings, in the model's order of channels and layout",
    arguments: Preprocessing.ChannelOrder.allCases, Preprocessing.Layout.allCases)
  func arithmetic(order: Preprocessing.ChannelOrder, layout: Preprocessing.Layout) throws {
    var settings = Self.imageNet
    settings.channelOrder = order
    settings.layout = layout
    let (rows, columns) = (16, 17)
    let pixels = Tensor(shape: [3, rows, columns], scalars: noise(3 * rows * columns, seed: 4))
    let inputShape: Shape = layout == .planar ? [1, 3, rows, columns] : [1, rows, columns, 3]
    let input = try Preprocessor(settings, inputShape: inputShape).input(pixels)
    #expect(input.shape == inputShape)
    for channel in 0..<3 {
      for pixel in 0..<rows * columns {
        let byte = pixels.scalars[(order == .bgr ? 2 - channel : channel) * rows * columns + pixel]
        let scaled = Float(byte) * settings.scale
        let centered = scaled - settings.mean[channel]
        let expected = centered / settings.std[channel]
        let index = layout == .planar ? channel * rows * columns + pixel : pixel * 3 + channel
        #expect(input.scalars[index].bitPattern == expected.bitPattern)
      }
    }
  }

  @Test("A batch is its items, whichever way they are read", arguments: [false, true])
  func batches(needsCrop: Bool) throws {
    let pixels = AnyTensor.uint8(Tensor(shape: [5, 3, 9, 8], scalars: noise(5 * 216, seed: 2)))
    let dataset = try Dataset(name: "x", inputs: pixels)
    let preprocessor = try Preprocessor(Self.imageNet, inputShape: needsCrop ? [1, 3, 6, 6] : [1, 3, 9, 8])
    let batch = try preprocessor.batch(dataset, [3, 0, 3])
    let single = try [3, 0, 3].flatMap { index -> [Float] in
      guard case .uint8(let item) = try dataset.item(at: index) else { return [] }
      return try preprocessor.input(item).scalars
    }
    #expect(batch == Tensor(shape: preprocessor.batchShape(3), scalars: single))
  }

  @Test(
    "The crop is taken from the center; an odd margin is larger above and left",
    arguments: [(8, 8, 0), (9, 8, 1), (10, 8, 1), (11, 8, 2), (13, 8, 3), (15, 8, 4), (256, 227, 15)])
  func crop(size: Int, extent: Int, offset: Int) throws {
    let pixels = Tensor<UInt8>(
      shape: [1, size, size],
      scalars: (0..<size).flatMap { y in (0..<size).map { x in UInt8(truncatingIfNeeded: y * 3 + x) } })
    let input = try Preprocessor(Preprocessing(scale: 1), inputShape: [1, 1, extent, extent]).input(pixels)
    let expected = (0..<extent).flatMap { y in
      (0..<extent).map { x in Float(UInt8(truncatingIfNeeded: (y + offset) * 3 + x + offset)) }
    }
    #expect(input.scalars == expected)
  }

  @Test("The shorter side is resized, then cropped, then brought to the model's size", arguments: [false, true])
  func resizing(isTall: Bool) throws {
    let shape: Shape = isTall ? [3, 50, 41] : [3, 41, 50]
    let pixels = Tensor(shape: shape, scalars: noise(shape.elementCount, seed: 9))
    let settings = Preprocessing(scale: 1, resize: 20, crop: [18, 16])
    let input = try Preprocessor(settings, inputShape: [1, 3, 9, 9]).input(pixels)

    // 50 · 20 / 41 = 24.39, rounded down.
    let resized = Resampling.bilinear(pixels, rows: isTall ? 24 : 20, columns: isTall ? 20 : 24)
    let (top, left) = isTall ? (3, 2) : (1, 4)
    let width = isTall ? 20 : 24
    let height = isTall ? 24 : 20
    let cropped = (0..<3).flatMap { c in
      (0..<18).flatMap { y in (0..<16).map { x in resized.scalars[(c * height + top + y) * width + left + x] } }
    }
    let expected = Resampling.bilinear(Tensor(shape: [3, 18, 16], scalars: cropped), rows: 9, columns: 9)
    #expect(input.scalars == expected.scalars.map(Float.init))
  }

  @Test("Gray is repeated, colors are weighted to gray")
  func channels() throws {
    let gray = Tensor<UInt8>(shape: [1, 1, 2], scalars: [10, 200])
    let repeated = try Preprocessor(Preprocessing(scale: 1), inputShape: [1, 3, 1, 2]).input(gray)
    #expect(repeated.scalars == [10, 200, 10, 200, 10, 200])
    let colors = Tensor(shape: [3, 8, 8], scalars: noise(192, seed: 8))
    let weighted = try Preprocessor(Preprocessing(scale: 1), inputShape: [1, 1, 8, 8]).input(colors)
    for pixel in 0..<64 {
      let (r, g, b) = (colors.scalars[pixel], colors.scalars[64 + pixel], colors.scalars[128 + pixel])
      // Half a step by rounding, and 2^-16 by rounding each weight.
      #expect(abs(Double(weighted.scalars[pixel]) - (0.299 * Double(r) + 0.587 * Double(g) + 0.114 * Double(b))) < 0.51)
    }
  }

  @Test("Inputs that are not pictures take as many bytes, and features pass unchanged")
  func others() throws {
    let pixels = AnyTensor.uint8(Tensor(shape: [2, 1, 2, 2], scalars: Array(0..<8)))
    let dense = try Preprocessor(Preprocessing(scale: 0.5), inputShape: [1, 4])
    #expect(
      try dense.batch(Dataset(name: "x", inputs: pixels), [1]) == Tensor(shape: [1, 4], scalars: [2, 2.5, 3, 3.5]))
    let features = Tensor<Float>(shape: [2, 1, 3, 2], scalars: (0..<12).map(Float.init))
    let dataset = try Dataset(name: "x", inputs: .float32(features))
    let sound = try Preprocessor(Preprocessing(), inputShape: [1, 3, 2, 1])
    #expect(try sound.batch(dataset, 0..<2) == features.reshaped([2, 3, 2, 1]))
    let error = DatasetError(.preprocessing(.shapeMismatch(item: [1, 3, 2], input: [1, 4])), file: "x")
    #expect(throws: error) { try dense.batch(dataset, 0..<2) }
    #expect(error.description == "x: an item of shape 1x3x2 does not fit the model input 1x4.")
  }

  @Test("Settings that make no sense are refused")
  func settings() {
    func error(_ settings: Preprocessing, _ shape: Shape = [1, 3, 4, 4]) -> PreprocessingError? {
      do throws(PreprocessingError) {
        _ = try Preprocessor(settings, inputShape: shape)
        return nil
      } catch { return error }
    }
    #expect(error(Preprocessing(std: [1, 0, 1])) == .invalidStd(0))
    #expect(error(Preprocessing(mean: [1, 2])) == .wrongCount(of: "mean", count: 2, channels: 3))
    #expect(error(Preprocessing(mean: [])) == .wrongCount(of: "mean", count: 0, channels: 3))
    #expect(error(Preprocessing(scale: .infinity)) == .invalidScale(.infinity))
    #expect(error(Preprocessing(mean: [.infinity])) == .invalidMean(.infinity))
    #expect(error(Preprocessing(resize: 0)) == .invalidResize(0))
    #expect(error(Preprocessing(crop: [3])) == .invalidCrop([3]))
    #expect(error(Preprocessing(crop: [3, 0])) == .invalidCrop([3, 0]))
    #expect(error(Preprocessing(), [1, 3, 0, 4]) == .unsupportedInputShape([1, 3, 0, 4]))
    #expect(error(Preprocessing(), [1, 1 << 30]) == .unsupportedInputShape([1, 1 << 30]))
    #expect(error(Preprocessing(), []) == .unsupportedInputShape([]))
    #expect(error(Preprocessing()) == nil)
  }

  @Test("A picture that does not fit is refused with its item")
  func pictures() throws {
    let dataset = try Dataset(name: "x", inputs: .uint8(Tensor(repeating: 0, shape: [2, 3, 4, 9])))
    let larger = try Preprocessor(Preprocessing(), inputShape: [1, 3, 5, 5])
    let error = DatasetError(.preprocessing(.pictureTooSmall(picture: [3, 4, 9], crop: [5, 5])), file: "x", item: 1)
    #expect(throws: error) { try larger.batch(dataset, [1]) }
    #expect(error.description == "x, item 1: a picture of 3x4x9 is smaller than the crop 5x5. Give --resize.")
    #expect(throws: PreprocessingError.channelMismatch(item: 3, input: 2)) {
      try Preprocessor(Preprocessing(), inputShape: [1, 2, 4, 4]).input(Tensor(repeating: 0, shape: [3, 4, 4]))
    }
    #expect(throws: PreprocessingError.tooLarge(resize: .max / 2, picture: [3, 4, 9])) {
      try Preprocessor(Preprocessing(resize: .max / 2), inputShape: [1, 3, 4, 4])
        .input(Tensor(repeating: 0, shape: [3, 4, 9]))
    }
  }
}
