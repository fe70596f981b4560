import Graphs
import Tensors

/// What is done in which order on which memory: a graph made ready for one batch size.
///
/// A plain value, the same on every machine: the executor runs it, the emitters print it, `fits` adds it up.
public struct Schedule: Sendable {
  /// The graph that was scheduled; steps refer to its nodes and constants.
  public var graph: Graph
  public var batch: Int
  public var form: MemoryForm
  public var buffers: [Buffer]
  public var steps: [Step]
  /// Where the caller puts the inputs, planar, in graph order.
  public var inputs: [BufferID]
  /// Where the results are, planar, in graph order.
  public var outputs: [BufferID]
  /// Offsets of the buffers in the arena.
  public var arena: ArenaPlan
}

/// The place of a buffer in `Schedule.buffers`.
public struct BufferID: Hashable, Sendable {
  public var index: Int

  public init(_ index: Int) { self.index = index }
}

/// Memory for one value in one layout.
public struct Buffer: Sendable {
  public var layout: BufferLayout
  /// Steps between which it is needed.
  public var lifetime: Lifetime
  /// The value it holds, for people.
  public var name: String

  public init(layout: BufferLayout, lifetime: Lifetime, name: String) {
    self.layout = layout
    self.lifetime = lifetime
    self.name = name
  }
}

/// One thing to do.
public struct Step: Sendable {
  public var action: Action
  /// Operands; for weighted sums the map and the residual, if there is one.
  public var reads: [BufferID]
  public var writes: BufferID
  /// Index of the node in the graph that this step computes or prepares.
  public var node: Int
}

/// What a step does.
public enum Action: Sendable {
  /// Convolution or dense layer, with what follows it.
  case weightedSum(WeightedSum)
  case pooling(MapPooling)
  /// uint8 + uint8, maps.
  case addition(AdditionRequantization)
  case lookup(LookupTable)
  /// float32 maps of one shape.
  case binary(BinaryFunction, Clamp?)
  case unary(UnaryFunction)
  /// Over the channels of each pixel, float32.
  case softmax(isLogarithmic: Bool)
  /// float32 to codes, map to map.
  case quantize(scale: Float, zeroPoint: UInt8)
  case dequantize(scale: Float, zeroPoint: UInt8)
  /// Planar to map; float32 to uint8 if an encoding is given.
  case interleave(QuantizeRule?)
  /// Map to planar; uint8 to float32 if an encoding is given.
  case deinterleave(QuantizeRule?)
  /// Rows of pixels from one place to another.
  case copy([CopyRegion])
  /// Writes the border of a map.
  case fillBorder
  /// Writes a whole buffer.
  case fill(Fill)
  /// Writes a constant of the graph, planar.
  case constant(ValueID)
  /// Whatever has no kernel: evaluated by definition, planar operands.
  case reference(Operator, [ReferenceOperand?])
}

/// Scale and zero point of unsigned codes.
public struct QuantizeRule: Hashable, Sendable {
  public var scale: Float
  public var zeroPoint: UInt8

  public init(scale: Float, zeroPoint: UInt8) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }
}

/// Where an operand of a step without a kernel comes from.
public enum ReferenceOperand: Sendable {
  /// The step's read of this index, seen with this shape.
  case read(Int, Shape)
  case constant(ValueID)
}

/// A convolution or dense layer on maps.
public struct WeightedSum: Sendable {
  /// Kernel rows and columns, steps, dilations.
  public var kernel: (rows: Int, columns: Int)
  public var strides: (rows: Int, columns: Int)
  public var dilations: (rows: Int, columns: Int)
  /// Rows above and columns left of the first pixel where the first window begins.
  public var origin: (rows: Int, columns: Int)
  public var groups: Int
  /// `[M, C / groups, kernel...]`, or `[M, K]` with K the elements of the whole map, planar.
  public var weights: ValueID
  public var bias: ValueID?
  /// What windows see outside the map.
  public var outside: Fill
  public var result: Result
  public var residual: Residual

  public enum Result: Sendable {
    /// uint8 map to uint8 map.
    case codes(Requantization)
    /// uint8 map to float32 map.
    case real(scales: [Float], offsets: [Float])
    /// float32 map to float32 map.
    case float(Clamp?)
  }

  /// A second map added at the same pixel and channel; it is the step's second read.
  public enum Residual: Sendable {
    case none
    /// After the requantization; `a` of the rule is this sum's code, `b` the other map's.
    case codes(AdditionRequantization)
    /// Before the clamp.
    case float
  }
}

/// Pooling on maps.
public struct MapPooling: Sendable {
  public var kernel: (rows: Int, columns: Int)
  public var strides: (rows: Int, columns: Int)
  public var dilations: (rows: Int, columns: Int)
  public var origin: (rows: Int, columns: Int)
  /// What windows see outside the map.
  public var outside: Fill
  public var kind: Kind

  public enum Kind: Sendable {
    case maximum
    /// float32: sum divided by a number.
    case mean(divisor: Float)
    /// uint8: requantized sum.
    case codes(Requantization)
  }
}

/// A block of pixels that is copied: `images × rows × columns` runs of `byteCount` bytes.
public struct CopyRegion: Hashable, Sendable {
  /// The step's read of this index.
  public var read: Int
  public var images: Int
  public var rows: Int
  public var columns: Int
  /// Bytes of a pixel that are copied.
  public var byteCount: Int
  public var source: Strides
  public var destination: Strides

  public init(
    read: Int, images: Int, rows: Int, columns: Int, byteCount: Int, source: Strides, destination: Strides
  ) {
    self.read = read
    self.images = images
    self.rows = rows
    self.columns = columns
    self.byteCount = byteCount
    self.source = source
    self.destination = destination
  }

  /// All pixels of one map into another of the same extents.
  public init(_ source: MapLayout, _ destination: MapLayout, read: Int = 0) {
    self.init(
      read: read, images: source.images, rows: source.rows, columns: source.columns,
      byteCount: source.channels * source.elementType.byteCount, source: Strides(source),
      destination: Strides(destination))
  }

  /// Offsets in bytes.
  public struct Strides: Hashable, Sendable {
    public var offset: Int
    public var image: Int
    public var row: Int
    public var column: Int

    public init(offset: Int, image: Int, row: Int, column: Int) {
      self.offset = offset
      self.image = image
      self.row = row
      self.column = column
    }

    /// The interior of a map.
    public init(_ map: MapLayout) {
      self.init(
        offset: map.interiorOffset, image: map.imageByteCount, row: map.rowByteCount, column: map.pixelByteCount)
    }
  }
}
