/// A published data set that can be fetched: where its files are, how long they are, and their sums.
public struct DatasetArchive: Sendable, Equatable {
  /// The kind of specifier that reads it, or the name it will have.
  public let name: String
  /// A sentence for help texts.
  public let help: String
  /// What the publisher says about use.
  public let terms: String
  public let files: [RemoteFile]

  public init(name: String, help: String, terms: String, files: [RemoteFile]) {
    self.name = name
    self.help = help
    self.terms = terms
    self.files = files
  }

  /// Bytes to be transferred.
  public var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }
}

/// One file of a published data set.
public struct RemoteFile: Sendable, Equatable {
  public enum Form: Sendable, Equatable {
    /// Kept as it comes.
    case plain
    /// A `.tar.gz` of which these regular files are unpacked, and it is then deleted.
    case tarGzip(members: [Member])
  }

  /// A file in an archive.
  public struct Member: Sendable, Equatable {
    /// Its path in the archive, and below the folder that it is unpacked to.
    public var path: String
    public var byteCount: Int

    public init(path: String, byteCount: Int) {
      self.path = path
      self.byteCount = byteCount
    }
  }

  /// Its name in the folder.
  public var name: String
  /// Where it is, tried in this order.
  public var addresses: [String]
  public var byteCount: Int
  /// 64 hexadecimal digits in small letters.
  public var sha256: String
  public var form: Form

  /// - Precondition: at least one address; names and paths stay inside the folder.
  public init(name: String, addresses: [String], byteCount: Int, sha256: String, form: Form = .plain) {
    precondition(!addresses.isEmpty, "A file has an address")
    self.name = name
    self.addresses = addresses
    self.byteCount = byteCount
    self.sha256 = sha256
    self.form = form
    precondition(targetPaths.allSatisfy(Self.staysInside), "Names and paths stay inside the folder")
  }

  /// What it leaves in the folder.
  var targetPaths: [String] {
    switch form {
    case .plain: [name]
    case .tarGzip(let members): members.map(\.path) + [name]
    }
  }

  private static func staysInside(_ path: String) -> Bool {
    !path.hasPrefix("/")
      && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
        !part.isEmpty && part != "." && part != ".."
      }
  }
}

extension DatasetArchive {
  /// The archives that `deepchip data fetch` knows.
  ///
  /// Lengths and SHA-256 sums are those that TensorFlow Datasets records in `url_checksums`; the publisher's own MD5 sums, in
  /// the comments, stand on the CIFAR page and in torchvision's sources.
  public static let all: [DatasetArchive] = [cifar10, mnist, fashionMNIST, svhn]

  private static let cifar10 = DatasetArchive(
    name: "cifar10", help: "CIFAR-10: 50,000 + 10,000 color pictures of 32x32, 10 classes.",
    terms: "No formal licence; cite A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.",
    files: [
      RemoteFile(
        name: "cifar-10-binary.tar.gz",
        addresses: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
        byteCount: 170_052_171,
        // c32a1d4ab5d03f1284b67883e8d87530
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        form: .tarGzip(
          members: (["test_batch"] + (1...5).map { "data_batch_\($0)" }).map { name in
            RemoteFile.Member(path: "cifar-10-batches-bin/\(name).bin", byteCount: 10_000 * 3073)
          }))
    ])

  private static let mnist = DatasetArchive(
    name: "mnist", help: "MNIST: 60,000 + 10,000 gray handwritten digits of 28x28.",
    terms: "CC BY-SA 3.0; Y. LeCun, C. Cortes, C. Burges.",
    files: idxFiles(
      [
        "https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/",
      ],
      [
        // f68b3c2dcbeaaa9fbdd348bbdeb94873
        ("train-images-idx3", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        // d53e105ee54ea40749a09fcbcd1e9432
        ("train-labels-idx1", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        // 9fb629c4189551a2d022fa330f9573f3
        ("t10k-images-idx3", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        // ec29112dd5afa0611ce80d1b7f02629c
        ("t10k-labels-idx1", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
      ]))

  private static let fashionMNIST = DatasetArchive(
    name: "fashion-mnist", help: "Fashion-MNIST: 60,000 + 10,000 gray pictures of clothes, 28x28, 10 classes.",
    terms: "MIT licence, Zalando SE.",
    files: idxFiles(
      ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
      [
        // 8d4fb7e6c68d591d4c3dfef9ec88bf0d
        ("train-images-idx3", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        // 25c81989df183df01b3e8a0aad5dffbe
        ("train-labels-idx1", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        // bef4ecab320f06d8554ea6380940ec79
        ("t10k-images-idx3", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        // bb300cfdad3c16e7a12a480ee83cd310
        ("t10k-labels-idx1", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
      ]))

  private static let svhn = DatasetArchive(
    name: "svhn", help: "SVHN, cropped: 73,257 + 26,032 color pictures of house numbers, 32x32, as MATLAB files.",
    terms: "For non-commercial use only, says the publisher; Y. Netzer et al., 2011.",
    files: [
      RemoteFile(
        name: "train_32x32.mat", addresses: ["http://ufldl.stanford.edu/housenumbers/train_32x32.mat"],
        byteCount: 182_040_794,
        // e26dedcc434d2e4c54c9b2d4a06d8373
        sha256: "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
      RemoteFile(
        name: "test_32x32.mat", addresses: ["http://ufldl.stanford.edu/housenumbers/test_32x32.mat"],
        byteCount: 64_275_384,
        // eb5a983be6a315427106f1b164d9cef3
        sha256: "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"),
    ])

  private static func idxFiles(
    _ folders: [String], _ entries: [(name: String, byteCount: Int, sha256: String)]
  ) -> [RemoteFile] {
    entries.map { entry in
      let name = entry.name + "-ubyte.gz"
      return RemoteFile(
        name: name, addresses: folders.map { $0 + name }, byteCount: entry.byteCount, sha256: entry.sha256)
    }
  }
}
