import Testing

@testable import Charts

@Suite struct ScaleTests {
  static let wide = Scale.Room(length: 600, isHorizontal: true)
  static let high = Scale.Room(length: 320, isHorizontal: false)

  private func labels(
    _ values: [Double], unit: String = "", log: Bool? = nil, room: Scale.Room = high,
    isTight: Bool = false
  ) -> [String] {
    let axis = Chart.Axis(unit: unit, isLogarithmic: log)
    return Scale(axis, values: values, room: room, isTight: isTight).ticks.map(\.label)
  }

  @Test(arguments: [
    ([0.0, 1], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ([0.01, 0.99], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ([3, 10], ["0", "2", "4", "6", "8", "10"]),
    ([95, 103], ["94", "96", "98", "100", "102", "104"]),
    ([-4, 7], ["−4", "−2", "0", "2", "4", "6", "8"]),
    ([-10, -3], ["−10", "−8", "−6", "−4", "−2", "0"]),
    ([4e11, 1.5e12], ["0", "0.5T", "1T", "1.5T"]),
    ([1e9, 1.02e9], ["1B", "1.005B", "1.01B", "1.015B", "1.02B"]),
    ([1, 3], ["0", "1", "2", "3"]),
    ([2e30, 9e30], ["0", "2e30", "4e30", "6e30", "8e30", "1e31"]),
    ([2e-6, 9e-6], ["0", "2e−6", "4e−6", "6e−6", "8e−6", "1e−5"]),
    ([0], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ([4, 8, 16], ["0", "4", "8", "12", "16"]),
    ([2019, 2024], ["2019", "2020", "2021", "2022", "2023", "2024"]),
  ])
  func linearTicks(_ values: [Double], _ expected: [String]) {
    let found = labels(values, log: false)
    #expect(found == expected)
  }

  @Test("An axis that starts at zero draws a small change as a small one")
  func fromZero() {
    var axis = Chart.Axis(isLogarithmic: false)
    axis.startsAtZero = true
    for (values, expected) in [
      ([95.0, 103], ["0", "20", "40", "60", "80", "100", "120"]),
      ([7, 7], ["0", "2", "4", "6", "8"]),
      ([-4, 7], ["−4", "−2", "0", "2", "4", "6", "8"]),
    ] {
      #expect(Scale(axis, values: values, room: Self.high).ticks.map(\.label) == expected)
    }
  }

  @Test(arguments: [
    ([1.0, 1000], ["1", "10", "100", "1K"]),
    ([2, 80], ["2", "5", "10", "20", "50", "100"]),
    ([3e17, 3e23], ["1e18", "1e19", "1e20", "1e21", "1e22", "1e23"]),
    ([1e-3, 1], ["0.001", "0.01", "0.1", "1"]),
    ([128, 512, 2048, 8192], ["128", "512", "2048", "8192"]),
    ([0.125, 1, 8, 64], ["0.125", "1", "8", "64"]),
  ])
  func logarithmicTicks(_ values: [Double], _ expected: [String]) {
    #expect(labels(values).filter { expected.contains($0) } == expected)
  }

  @Test func narrowLogarithmsHaveEvenTicks() {
    #expect(labels([3, 4], log: true) == ["3", "3.2", "3.4", "3.6", "3.8", "4"])
    #expect(labels([3, 4], log: true, isTight: true).first == "3")
  }

  @Test func bytesAreBinary() {
    #expect(
      labels([1e8, 2e9], unit: "bytes", log: false) == [
        "0", "512 MiB", "1 GiB", "1.5 GiB", "2 GiB",
      ])
    #expect(labels([1024, 1_048_576], unit: "bytes") == ["1 KiB", "1 MiB"])
  }

  @Test func shortNumbers() {
    #expect(NumberLabel.short(1.5e12) == "1.5T")
    #expect(NumberLabel.short(999_960) == "1M")
    #expect(NumberLabel.short(2048) == "2048")
    #expect(NumberLabel.short(-12_345) == "−12.3K")
    #expect(NumberLabel.short(0.125) == "0.125")
    #expect(NumberLabel.short(1e30) == "1e30")
    #expect(NumberLabel.short(536_870_912, unit: "bytes") == "512 MiB")
    #expect(NumberLabel.short(1_073_741_823, unit: "bytes") == "1 GiB")
    #expect(NumberLabel.alike([12, 1.25], unit: "") == ["12.0", "1.3"])
  }

  @Test func logarithmsNeedPositiveValuesFarApart() {
    func decides(_ values: [Double], _ wish: Bool? = nil, categories: [String] = []) -> Bool {
      let axis = Chart.Axis(isLogarithmic: wish, categories: categories)
      return Scale.isLogarithmic(axis, values: values)
    }
    #expect(decides([1, 31]))
    #expect(!decides([1, 30]))
    #expect(decides([1, 2], true))
    #expect(!decides([1, 1e9], false))
    #expect(!decides([0, 1e9]))
    #expect(!decides([-1, 1e9], true))
    #expect(!decides([], true))
    #expect(!decides([1, 100], categories: ["a"]))
  }

  @Test func valuesLieWithinTheirScale() {
    for values in [
      [1.0], [-7], [0], [1e30, 1e31], [1e-300, 1e300], [-1e300, 1e300], [5, 5.000_01],
    ] {
      for wish in [nil, true, false] {
        for room in [Self.wide, Self.high] {
          let scale = Scale(Chart.Axis(isLogarithmic: wish), values: values, room: room)
          #expect(values.allSatisfy { (0...1).contains(scale.fraction($0)) })
          #expect(scale.ticks.allSatisfy { (-0.001...1.001).contains(scale.fraction($0.value)) })
          #expect(!scale.ticks.isEmpty)
          #expect(room.fits(scale.ticks, on: scale))
          #expect(Set(scale.ticks.map(\.label)).count == scale.ticks.count)
        }
      }
    }
  }
}
