import Tensors

/// Another brightness and contrast for each picture, in units of the network's input.
///
/// An amount between −`brightness` and `brightness` is added, then the distance to the channel's mean is multiplied by a factor from
/// `contrast`; after both, values are brought into `lower...upper`. All channels of a picture share the two draws. With
/// pixels normalized as `(pixel · scale − mean) / std`, an amount of 30 pixel values is `30 · scale / std`.
///
/// - Source: the augmentors `Brightness` and `Contrast` of TensorPack, which DeepChip's ConvNet was trained with.
public struct LightChange: Sendable, Hashable {
  /// The largest amount, one for all channels or one for each; not negative.
  public var brightness: [Float]
  /// Factors on the distance to the mean; `1...1` leaves it.
  public var contrast: ClosedRange<Float>
  /// What black is in the network's input, one for all channels or one for each.
  public var lower: [Float]
  /// What white is.
  public var upper: [Float]

  public init(brightness: [Float] = [0], contrast: ClosedRange<Float> = 1...1, lower: [Float], upper: [Float]) {
    self.brightness = brightness
    self.contrast = contrast
    self.lower = lower
    self.upper = upper
  }

  func fits(channels: Int) -> Bool {
    [brightness, lower, upper].allSatisfy { $0.count == 1 || $0.count == channels }
      && brightness.allSatisfy { $0 >= 0 && $0.isFinite }
      && contrast.lowerBound >= 0 && contrast.upperBound.isFinite
      && (0..<channels).allSatisfy { Self.value(lower, $0) <= Self.value(upper, $0) }
  }

  /// The two numbers of one picture.
  func drawn(_ generator: inout SplitMix64) -> Drawn {
    let share = 2 * generator.nextUnit() - 1
    let factor = contrast.lowerBound + (contrast.upperBound - contrast.lowerBound) * generator.nextUnit()
    return Drawn(change: self, share: share, factor: factor)
  }

  private static func value(_ values: [Float], _ channel: Int) -> Float { values[values.count == 1 ? 0 : channel] }

  /// The change of one picture.
  struct Drawn {
    var change: LightChange
    /// Of the largest amount, −1...1.
    var share: Float
    var factor: Float

    /// Writes a changed copy of one channel.
    func apply(
      _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int, channel: Int
    ) {
      let amount = share * LightChange.value(change.brightness, channel)
      let (lower, upper) = (LightChange.value(change.lower, channel), LightChange.value(change.upper, channel))
      var sum: Double = 0
      for i in 0..<count {
        let value = min(max(source[i] + amount, lower), upper)
        target[i] = value
        sum += Double(value)
      }
      let mean = Float(sum / Double(max(count, 1)))
      for i in 0..<count { target[i] = min(max(mean + factor * (target[i] - mean), lower), upper) }
    }
  }
}
