import Arguments
import JSON
import Testing

@testable import tally

@Suite struct CommandTests {
}
