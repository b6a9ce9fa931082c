import Testing
import Wording

@Suite struct TableTests {
  let table = Table(
    heading: ["part", "a", "model-b"], rows: [["total", "13.02B", "7"], ["x,y|z", "1", "\"q\""]])

  @Test("Columns are aligned, labels left and figures right")
  func plain() {
    #expect(
      table.plain() == """
        part        a  model-b
        total  13.02B        7
        x,y|z       1      "q"

        """)
  }

  @Test("A table that is too wide for the terminal is split, and the labels repeat")
  func split() {
    #expect(
      table.plain(limit: 16) == """
        part        a
        total  13.02B
        x,y|z       1

        part   model-b
        total        7
        x,y|z      "q"

        """)
    #expect(table.plain(limit: 1) == table.plain(limit: 16))
  }

  @Test("Markdown and CSV escape what their forms give a meaning")
  func forms() {
    #expect(
      table.markdown == """
        | part | a | model-b |
        | --- | ---: | ---: |
        | total | 13.02B | 7 |
        | x,y\\|z | 1 | "q" |

        """)
    // RFC 4180, 2.6: line breaks, of which a carriage return is a half, are in quotes.
    #expect(Table(heading: ["a\rb", "c\nd"]).csv == "\"a\rb\",\"c\nd\"\n")
    #expect(table.csv == "part,a,model-b\ntotal,13.02B,7\n\"x,y|z\",1,\"\"\"q\"\"\"\n")
  }
}
