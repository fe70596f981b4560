/// How a picture becomes a model's input: `x = (pixel · scale − mean) / std`, channel by channel.
///
/// It belongs to the model and travels in the packed file. Pixels are bytes, 0...255.
public struct Preprocessing: Hashable, Sendable {
  public enum ChannelOrder: UInt8, CaseIterable, Hashable, Sendable { case rgb, bgr }
  public enum Layout: UInt8, CaseIterable, Hashable, Sendable {
    /// `[N, C, H, W]`.
    case planar
    /// `[N, H, W, C]`.
    case interleaved
  }

  /// Factor on the pixel byte; 1/255 unless the model says otherwise.
  public var scale: Float
  /// Subtracted after scaling; one for all channels or one per channel, in the model's channel order.
  public var mean: [Float]
  /// Divisor after that; as many as means. Not 0.
  public var std: [Float]
  public var channelOrder: ChannelOrder
  public var layout: Layout
  /// Shorter side is brought to this many pixels first; nil leaves the size.
  public var resize: Int?
  /// Rows and columns cut from the center; nil takes the model's input extents.
  public var crop: [Int]?

  public init(
    scale: Float = 1 / 255, mean: [Float] = [0], std: [Float] = [1], channelOrder: ChannelOrder = .rgb,
    layout: Layout = .planar, resize: Int? = nil, crop: [Int]? = nil
  ) {
    self.scale = scale
    self.mean = mean
    self.std = std
    self.channelOrder = channelOrder
    self.layout = layout
    self.resize = resize
    self.crop = crop
  }
}
