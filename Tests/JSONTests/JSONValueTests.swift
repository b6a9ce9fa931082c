import JSON
import Testing

@Suite struct JSONValueTests {
  @Test("A byte-order mark before the text is no part of it")
  func byteOrderMark() throws {
    #expect(try JSONValue(parsing: "\u{FEFF}{\"a\": 1}")["a"]?.integer == 1)
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: "{\u{FEFF}}") }
  }

  @Test("Digits, order and nesting survive reading and writing")
  func roundTrip() throws {
    let text = """
      {
        "z": 170141183460469231731687303715884105727,
        "a": [1, 2.50, -0.29e-3],
        "s": "tab\\t quote\\" é 😀 \\u0001",
        "n": null,
        "b": [true, false],
        "o": {
          "k": [
            {
              "x": 1
            },
            []
          ]
        },
        "e": {}
      }

      """
    let value = try JSONValue(parsing: text)
    #expect(value.text == text)
    #expect(try JSONValue(parsing: value.line) == value)
    #expect(value["z"]?.integer == Int128.max)
    #expect(value.object?.keys == ["z", "a", "s", "n", "b", "o", "e"])
  }

  @Test("Python's literals are read, and a repeated key has its last value")
  func python() throws {
    let value = try JSONValue(parsing: #"{"a": [0.0, Infinity, -Infinity, NaN], "k": 1, "k": 2}"#)
    #expect(
      value["a"]
        == .array([
          .number("0.0"), .number("Infinity"), .number("-Infinity"), .number("NaN"),
        ]))
    #expect(value["k"]?.integer == 2)
  }

  @Test("Escapes: surrogate pairs join, and half a pair is replaced")
  func escapes() throws {
    #expect(try JSONValue(parsing: #""\ud83d\ude00\u00e9\/\n""#).string == "😀é/\n")
    #expect(try JSONValue(parsing: #""\ud83d!""#).string == "\u{FFFD}!")
    // What follows half a pair stays, if it is the other half of none.
    #expect(try JSONValue(parsing: #""\ud83d\u0041""#).string == "\u{FFFD}A")
    #expect(try JSONValue(parsing: #""\ud83d\ud83d\ude00""#).string == "\u{FFFD}😀")
  }

  @Test("A key that is removed is not written")
  func removal() throws {
    var object = try #require(try JSONValue(parsing: #"{"a": 1, "b": 2, "c": 3}"#).object)
    object["b"] = nil
    #expect(JSONValue.object(object).line == #"{"a": 1, "c": 3}"#)
  }

  struct Mistake: CustomTestStringConvertible {
    let text: String
    let description: String

    var testDescription: String { text }
  }

  @Test(
    "What is not JSON is refused, with line, column and what was expected",
    arguments: [
      Mistake(text: "", description: "line 1, column 1: the document ends too soon"),
      Mistake(text: "{", description: "line 1, column 2: expected a key in double quotes"),
      Mistake(
        text: "{\n  \"a\": 1,\n}", description: "line 3, column 1: expected a key in double quotes"),
      Mistake(text: "{\"a\" 1}", description: "line 1, column 6: expected ':' after the key \"a\""),
      Mistake(text: "{\"a\": 1 \"b\": 2}", description: "line 1, column 9: expected ',' or '}'"),
      Mistake(text: "[1 2]", description: "line 1, column 4: expected ',' or ']'"),
      Mistake(text: "{} {}", description: "line 1, column 4: text after the end of the document"),
      Mistake(text: "[01]", description: "line 1, column 2: a number must not begin with 0"),
      Mistake(text: "[1.]", description: "line 1, column 4: expected a digit after the point"),
      Mistake(text: "[tru]", description: "line 1, column 2: expected a value"),
      Mistake(text: "// c\n{}", description: "line 1, column 1: expected a value"),
      Mistake(text: "\"abc", description: "line 1, column 1: the string has no end"),
      Mistake(text: "\"\\x\"", description: "line 1, column 3: an unknown escape"),
      Mistake(
        text: String(repeating: "[", count: 100_000),
        description: "line 1, column 201: nested more than 200 deep"),
    ])
  func mistakes(_ mistake: Mistake) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: mistake.text) }
    #expect(error?.description == mistake.description)
  }
}
