import Testing
import Wording

@Suite struct NearestWordTests {
  @Test(
    "The one word that differs least is proposed, and of two that differ alike none",
    arguments: [
      ("hiden_size", ["hidden_size", "vocab_size"], "hidden_size"),
      ("cat", ["bat", "rat"], nil), ("cat", ["cart", "dog"], "cart"),
      ("llama2-7b", ["llama2-13b", "llama3-7b"], nil), ("gpt_2", ["gpt-2", "opt-2"], "gpt-2"),
    ] as [(String, [String], String?)])
  func nearest(_ word: String, _ words: [String], _ nearest: String?) {
    #expect(nearestWord(to: word, among: words) == nearest)
  }
}
