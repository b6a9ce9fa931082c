#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How much memory a run may take.
enum MemoryAllowance {
  /// Nine tenths of the least of what the machine has, what is free, what the process may have
  /// (`ulimit -v`, `ulimit -d`) and what its control group may have.
  static var bytes: Int {
    let limits = [Terminal.physicalMemory, available, addresses, group].compactMap(\.self)
    return (limits.min() ?? 0) / 10 * 9
  }

  /// What the system could give without swapping.
  private static var available: Int? {
    guard let line = lines("/proc/meminfo").first(where: { $0.hasPrefix("MemAvailable:") })
    else { return nil }
    return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }

  /// What is left of the addresses that the process may have.
  private static var addresses: Int? {
    let sizes = lines("/proc/self/statm").first?.split(separator: " ").compactMap { Int($0) } ?? []
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    // All pages, and those of data.
    let (all, data) = ((sizes.first ?? 0) * page, (sizes.dropFirst(5).first ?? 0) * page)
    return [limit(RLIMIT_AS).map { $0 - all }, limit(RLIMIT_DATA).map { $0 - data }]
      .compactMap(\.self).map { max($0, 0) }.min()
  }

  #if canImport(Glibc)
    private typealias Resource = __rlimit_resource
  #else
    private typealias Resource = Int32
  #endif

  private static func limit(_ resource: Resource) -> Int? {
    var limit = rlimit()
    #if canImport(Glibc)
      guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return nil }
    #else
      guard getrlimit(resource, &limit) == 0 else { return nil }
    #endif
    return Int(exactly: limit.rlim_cur)
  }

  /// The least that the process's control group and those around it allow; of both versions.
  private static var group: Int? {
    var limits: [Int] = []
    for line in lines("/proc/self/cgroup") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let (root, file): (String, String)
      if fields[1].isEmpty {
        (root, file) = ("/sys/fs/cgroup", "memory.max")
      } else if fields[1].split(separator: ",").contains("memory") {
        (root, file) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
      } else {
        continue
      }
      // Inside a container the group's own folder may be the root.
      var names = fields[2].split(separator: "/")[...]
      while true {
        let folder = ([root] + names.map(String.init)).joined(separator: "/")
        limits += lines("\(folder)/\(file)").prefix(1).compactMap { Int($0) }
        if names.isEmpty { break }
        names = names.dropLast()
      }
    }
    return limits.min()
  }

  private static func lines(_ path: String) -> [Substring] {
    guard case .success(let bytes) = Terminal.read(path) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }
}
