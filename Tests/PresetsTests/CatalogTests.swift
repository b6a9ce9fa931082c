import Foundation
import JSON
import Presets
import Testing

@Suite struct CatalogTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "presets")

  @Test("The catalog lists the files of the folder, each under its own name")
  func files() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path())
      .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
    #expect(Set(Catalog.names) == Set(files))
    #expect(Catalog.all.map(\.name) == Catalog.names)
  }

  @Test("Every preset has a source and says whether its table is shared", arguments: Catalog.names)
  func preset(name: String) throws {
    let preset = try #require(Catalog.preset(named: name))
    #expect(preset.name == name)
    #expect(!preset.source.isEmpty)
    let text = preset.configuration["text_config"]?.object ?? preset.configuration
    #expect(text["tie_word_embeddings"] != nil)
  }

  @Test("No alias is another preset's name or alias")
  func aliases() throws {
    var owners: [String: String] = [:]
    for preset in Catalog.all {
      for alias in [preset.name] + preset.aliases {
        let found = try #require(Catalog.preset(named: alias))
        #expect(found.name == preset.name, "\(alias)")
        #expect(owners.updateValue(preset.name, forKey: alias) == nil, "\(alias) stands twice")
      }
    }
  }

  @Test("What is no preset is not found")
  func unknown() {
    for name in ["", "llama", "llama2-13", "hf", "../llama2-13b.json", "llama2-13b2"] {
      #expect(Catalog.preset(named: name) == nil, "\(name)")
    }
  }
}
