#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The folder in which Hugging Face's tools keep what they have fetched.
enum HubCache {
  /// Whether a word is written as the hub names its repositories: `OWNER/NAME`.
  static func isRepository(_ word: String) -> Bool {
    let parts = word.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, !word.hasSuffix(".json") else { return false }
    return parts.allSatisfy { part in
      guard let first = part.unicodeScalars.first, first != ".", first != "~" else { return false }
      return part.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
          || "-_.".unicodeScalars.contains($0)
      }
    }
  }

  /// The path of a repository's `config.json` in the cache: that of its branch `main`, else of the
  /// first revision that has one.
  static func configuration(of repository: String) -> String? {
    guard isRepository(repository), let root else { return nil }
    let folder = "\(root)/models--\(repository.replacing("/", with: "--"))"
    var revisions = entries(of: "\(folder)/snapshots").sorted()
    if case .success(let bytes) = Terminal.read("\(folder)/refs/main") {
      revisions.insert(String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }, at: 0)
    }
    return revisions.map { "\(folder)/snapshots/\($0)/config.json" }
      .first { Terminal.kind(of: $0) == .file }
  }

  /// - Source: huggingface_hub, "Environment variables": HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME.
  private static var root: String? {
    if let cache = variable("HF_HUB_CACHE") { return cache }
    if let home = variable("HF_HOME") { return "\(home)/hub" }
    if let cache = variable("XDG_CACHE_HOME") { return "\(cache)/huggingface/hub" }
    return variable("HOME").map { "\($0)/.cache/huggingface/hub" }
  }

  private static func variable(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  private static func entries(of folder: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { start in
        start.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }
}
