import Tensors

/// How a value lies in memory while it is computed with.
public enum BufferLayout: Hashable, Sendable {
  /// Row-major in the value's own order of axes, nothing between elements.
  case planar(ElementType, Shape)
  /// Pixels with their channels side by side, and a border around each image.
  case map(MapLayout)

  public var byteCount: Int {
    switch self {
    case .planar(let elementType, let shape): shape.elementCount * elementType.byteCount
    case .map(let map): map.byteCount
    }
  }
}

/// Rows and columns added around every image of a map, so that windows need no checks.
public struct Border: Hashable, Sendable {
  public var top = 0
  public var left = 0
  public var bottom = 0
  public var right = 0

  public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  public static let none = Border()

  /// The smallest border that has room for both.
  public func union(_ other: Border) -> Border {
    Border(
      top: max(top, other.top), left: max(left, other.left), bottom: max(bottom, other.bottom),
      right: max(right, other.right))
  }

  /// True if every side is at least as wide as `other`'s.
  public func covers(_ other: Border) -> Bool { union(other) == self }
}

/// What a schedule spends memory on.
public enum MemoryForm: Hashable, Sendable {
  /// Borders around maps, pixels of whole words: the fast kernels of the host check nothing.
  case bordered
  /// Nothing but the values: windows check where they lie, elementwise results take an operand's place, inputs and
  /// outputs are the caller's memory and no part of the arena.
  case compact
}

/// What a border holds.
public enum Fill: Hashable, Sendable {
  case code(UInt8)
  case real(Float)
}

/// A batch of images: `[images][rows + border][columns + border][channelStride]`.
///
/// A value `[N, C]` is a batch of images of one pixel, `[N, C, W]` of one row.
public struct MapLayout: Hashable, Sendable {
  /// uint8 or float32.
  public var elementType: ElementType
  public var images: Int
  public var rows: Int
  public var columns: Int
  public var channels: Int
  /// Elements from pixel to pixel; at least `channels`.
  public var channelStride: Int
  public var border: Border
  public var fill: Fill
  /// Bytes that may be read after the last pixel, by kernels that read whole words.
  public var tailByteCount = MapLayout.wordTailByteCount

  /// The tail that the host's kernels ask for.
  public static let wordTailByteCount = 3

  public init(
    elementType: ElementType, images: Int, rows: Int, columns: Int, channels: Int, channelStride: Int,
    border: Border = .none, fill: Fill
  ) {
    self.elementType = elementType
    self.images = images
    self.rows = rows
    self.columns = columns
    self.channels = channels
    self.channelStride = channelStride
    self.border = border
    self.fill = fill
  }

  /// The map of a value of this shape; nil if its type or its rank (2...4) has none.
  ///
  /// Pixels of 4 or more codes are rounded up to whole words of 4 bytes, unless the form is compact.
  public init?(
    _ elementType: ElementType, _ shape: Shape, border: Border = .none, fill: Fill? = nil,
    form: MemoryForm = .bordered
  ) {
    guard elementType == .uint8 || elementType == .float32, (2...4).contains(shape.rank) else { return nil }
    let channels = shape[1]
    self.init(
      elementType: elementType, images: shape[0], rows: shape.rank == 4 ? shape[2] : 1,
      columns: shape.rank == 2 ? 1 : shape[shape.rank - 1], channels: channels,
      channelStride: form == .bordered && elementType == .uint8 && channels >= 4 ? (channels + 3) & ~3 : channels,
      border: form == .bordered ? border : .none, fill: fill ?? (elementType == .uint8 ? .code(0) : .real(0)))
    if form == .compact { tailByteCount = 0 }
  }

  public var pixelByteCount: Int { channelStride * elementType.byteCount }
  public var rowByteCount: Int { (columns + border.left + border.right) * pixelByteCount }
  public var imageByteCount: Int { (rows + border.top + border.bottom) * rowByteCount }
  public var byteCount: Int { images * imageByteCount + tailByteCount }

  /// Bytes from the start of an image to its first pixel that is not border.
  public var interiorOffset: Int { border.top * rowByteCount + border.left * pixelByteCount }

  /// True if the bytes are those of the row-major tensor as well.
  public var isPlanar: Bool {
    border == .none && channelStride == channels && (channels == 1 || rows * columns == 1)
  }
}
