/// Keys of published configurations that change no count in any family.
enum IgnoredKeys {
  static func contains(_ key: String) -> Bool { names.contains(key) }

  private static let names: Set<String> = Set(
    text.split(whereSeparator: \.isWhitespace).map(String.init))

  private static let text = """
    architectures torch_dtype
    """
}
