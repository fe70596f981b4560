import Datasets
import ModelFormat
import Tensors
import Testing

@testable import DeepChip

@Suite struct TeacherInputsTests {
  private let plain = Preprocessing(scale: 1)

  @Test(
    "What was enlarged for a student comes back for a smaller teacher", arguments: [(32, 40), (8, 9), (5, 17), (6, 6)])
  func inverse(small: Int, large: Int) throws {
    let pictures = Tensor<Float>.random([2, 3, small, small + 1], in: 0...255, seed: UInt64(small))
    let (one, other): (Shape, Shape) = ([1, 3, small, small + 1], [1, 3, large, large + 1])
    let enlarged = try TeacherInputs(student: plain, one, teacher: plain, other)(pictures)
    #expect(enlarged.shape == [2, 3, large, large + 1])
    let back = try TeacherInputs(student: plain, other, teacher: nil, one)(enlarged)
    #expect(back.shape == pictures.shape)
    for (a, b) in zip(back.scalars, pictures.scalars) { #expect(abs(a - b) < 0.05) }
  }

  @Test("Pictures are enlarged as data sets are")
  func enlargement() throws {
    let bytes = Tensor<Float>.random([3, 32, 32], in: 0...255, seed: 3).map { UInt8($0) }
    let expected = Resampling.bilinear(bytes, rows: 40, columns: 44)
    let view = try TeacherInputs(student: plain, [1, 3, 32, 32], teacher: plain, [1, 3, 40, 44])
    let found = view(Tensor(shape: [1, 3, 32, 32], scalars: bytes.scalars.map(Float.init)))
    // Both directions round to bytes there.
    for (a, b) in zip(found.scalars, expected.scalars) { #expect(abs(a - Float(b)) <= 1.01) }
  }

  @Test("Numbers of the student become those of the teacher")
  func numbers() throws {
    let student = Preprocessing(mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3])
    let teacher = Preprocessing(scale: 1, mean: [120], std: [60])
    let view = try TeacherInputs(student: student, [1, 3, 1, 2], teacher: teacher, [1, 3, 1, 2])
    let pixels: [Float] = [0, 255, 17, 100, 200, 3]
    let inputs = pixels.enumerated().map { ($1 / 255 - student.mean[$0 / 2]) / student.std[$0 / 2] }
    let found = view(Tensor(shape: [1, 3, 1, 2], scalars: inputs))
    for (a, pixel) in zip(found.scalars, pixels) { #expect(abs(a - (pixel - 120) / 60) < 1e-4) }
  }

  @Test("What cannot be made of the student's inputs is refused")
  func refusals() {
    let swapped = Preprocessing(scale: 1, channelOrder: .bgr)
    #expect(throws: Failure.self) { try TeacherInputs(student: plain, [1, 3, 8, 8], teacher: swapped, [1, 3, 8, 8]) }
    #expect(throws: Failure.self) { try TeacherInputs(student: plain, [1, 3, 8, 8], teacher: plain, [1, 1, 8, 8]) }
    #expect(throws: Failure.self) { try TeacherInputs(student: plain, [1, 64], teacher: plain, [1, 32]) }
    #expect(throws: Never.self) { try TeacherInputs(student: plain, [1, 64], teacher: nil, [1, 64]) }
  }
}
