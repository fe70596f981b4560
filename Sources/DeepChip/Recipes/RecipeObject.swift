/// The members of one object of a recipe, taken out one by one with a check each.
struct RecipeObject {
  let members: [String: JSONValue]
  let file: String
  /// Keys to this object, each with a point after it.
  let prefix: String

  /// - Throws: `.value` if it is no object, `.unknownKey` at the first key (by the alphabet) that is not in `keys`.
  init(_ value: JSONValue, file: String, path: String, keys: [String]) throws(RecipeError) {
    guard case .object(let members) = value else {
      throw RecipeError(.value(found: value.kind, expected: "an object"), file: file, keyPath: path)
    }
    self.members = members
    self.file = file
    prefix = path.isEmpty ? "" : path + "."
    if let key = members.keys.sorted().first(where: { !keys.contains($0) }) {
      throw RecipeError(.unknownKey(known: keys), file: file, keyPath: prefix + key)
    }
  }

  /// The value of a key; nil if it is not there or null.
  subscript(key: String) -> JSONValue? {
    guard let value = members[key], value != .null else { return nil }
    return value
  }

  func wrong(_ key: String, _ value: JSONValue?, _ expected: String) -> RecipeError {
    guard let value else { return RecipeError(.missing, file: file, keyPath: prefix + key) }
    return RecipeError(.value(found: value.kind, expected: expected), file: file, keyPath: prefix + key)
  }

  /// An object under a key; nil if there is none.
  func object(_ key: String, keys: [String]) throws(RecipeError) -> RecipeObject? {
    guard let value = self[key] else { return nil }
    return try RecipeObject(value, file: file, path: prefix + key, keys: keys)
  }

  /// A number in a range; the default if there is none, and an error if there is no default either.
  func number(
    _ key: String, _ range: ClosedRange<Double>, default standard: Double? = nil
  ) throws(RecipeError) -> Double {
    guard let value = self[key] ?? standard.map(JSONValue.number) else { throw wrong(key, nil, "") }
    guard case .number(let number) = value, range.contains(number) else {
      throw wrong(
        key, value, "a number from \(JSONValue.text(range.lowerBound)) to \(JSONValue.text(range.upperBound))")
    }
    return number
  }

  /// A number, or nil if there is none.
  func optionalNumber(_ key: String, _ range: ClosedRange<Double>) throws(RecipeError) -> Double? {
    self[key] == nil ? nil : try number(key, range)
  }

  func whole(_ key: String, _ range: ClosedRange<Int>, default standard: Int? = nil) throws(RecipeError) -> Int {
    guard let value = self[key] ?? standard.map({ .number(Double($0)) }) else { throw wrong(key, nil, "") }
    guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
      throw wrong(key, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return whole
  }

  func flag(_ key: String, default standard: Bool) throws(RecipeError) -> Bool {
    guard let value = self[key] else { return standard }
    guard case .bool(let flag) = value else { throw wrong(key, value, "true or false") }
    return flag
  }

  func string(_ key: String, default standard: String? = nil) throws(RecipeError) -> String {
    guard let text = try optionalString(key) ?? standard else { throw wrong(key, nil, "") }
    return text
  }

  func optionalString(_ key: String) throws(RecipeError) -> String? {
    guard let value = self[key] else { return nil }
    guard case .string(let text) = value, !text.isEmpty else { throw wrong(key, value, "a text") }
    return text
  }

  /// A text, or a list of them; empty where there is none.
  func texts(_ key: String) throws(RecipeError) -> [String] {
    guard case .array(let values)? = self[key] else { return try optionalString(key).map { [$0] } ?? [] }
    guard !values.isEmpty else { throw wrong(key, self[key], "a text, or a list of texts") }
    var texts: [String] = []
    for (index, value) in values.enumerated() {
      guard case .string(let text) = value, !text.isEmpty else { throw wrong("\(key)[\(index)]", value, "a text") }
      texts.append(text)
    }
    return texts
  }

  /// One of some words; the default if there is none, and an error if there is no default either.
  func choice<Choice>(
    _ key: String, _ choices: [(name: String, value: Choice)], default standard: Choice? = nil
  ) throws(RecipeError) -> Choice {
    guard let value = self[key] else {
      guard let standard else { throw wrong(key, nil, "") }
      return standard
    }
    guard case .string(let name) = value, let choice = choices.first(where: { $0.name == name }) else {
      throw wrong(key, value, "one of \(choices.map { "\"\($0.name)\"" }.joined(separator: ", "))")
    }
    return choice.value
  }

  /// Numbers; nil if there are none.
  func numbers(
    _ key: String, _ range: ClosedRange<Double>, count: ClosedRange<Int> = 1...64
  ) throws(RecipeError) -> [Double]? {
    guard let value = self[key] else { return nil }
    let expectedCount = count.count == 1 ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
    guard case .array(let values) = value, count.contains(values.count) else {
      throw wrong(key, value, "a list of \(expectedCount) numbers")
    }
    var numbers: [Double] = []
    for (index, value) in values.enumerated() {
      guard case .number(let number) = value, range.contains(number) else {
        let limits = "\(JSONValue.text(range.lowerBound)) to \(JSONValue.text(range.upperBound))"
        throw wrong("\(key)[\(index)]", value, "a number from \(limits)")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// Whole numbers; nil if there are none.
  func wholes(_ key: String, _ range: ClosedRange<Double>, count: ClosedRange<Int>) throws(RecipeError) -> [Int]? {
    guard let numbers = try numbers(key, range, count: count) else { return nil }
    if let index = numbers.firstIndex(where: { $0 != $0.rounded() }) {
      throw wrong("\(key)[\(index)]", .number(numbers[index]), "a whole number")
    }
    return numbers.map { Int($0) }
  }

  /// A range written as a list of two numbers, the smaller first; nil if there is none.
  func range(_ key: String, _ limits: ClosedRange<Double>) throws(RecipeError) -> ClosedRange<Double>? {
    guard let numbers = try numbers(key, limits, count: 2...2) else { return nil }
    guard numbers[0] <= numbers[1] else { throw wrong(key, self[key], "a list of two numbers, the smaller first") }
    return numbers[0]...numbers[1]
  }
}
