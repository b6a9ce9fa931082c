import Accounting
import Arguments
import JSON
import Symbolic
import Testing

@testable import tally

/// Utilisation, floors and training runs on devices, beside what others print or a hand count says.
@Suite struct UtilizationTests {
  private func run(_ words: String) -> Outcome {
    Tally.tool.run(words.split(separator: " ").map(String.init), failure: Failure.describe)
  }

  private func model(_ words: String) throws -> JSONValue {
    let outcome = run(words + " --format json")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try #require(try JSONValue(parsing: outcome.output)["models"]?.array?.first)
  }

  struct Sample: CustomTestStringConvertible {
    let words: String
    let figure: String
    /// The first digits.
    let value: String
    let source: String

    var testDescription: String { "\(words): \(figure)" }
  }

  @Test(
    "Figures are those in print, or of a hand count",
    arguments: [
      Sample(
        words: "gpt2 --phase train --tokens 1024 --batch 100 --step-time 0.755 --peak 312e12 "
          + "--convention matmul", figure: "utilization.mfu", value: "0.3714",
        source: "nanoGPT 0bb96d3, transformer_sizing.ipynb: 37.14 %"),
      Sample(
        words: "llama3-8b --phase train --tokens 8192 --tokens-per-second 46096 --devices 8 "
          + "--device h100 --convention torchtitan", figure: "utilization.mfu", value: "0.337",
        source: "torchtitan b5bcd76, benchmarks: 5,762 tokens a second and GPU are 33 %"),
      // (6·6,738,149,376 + 12·32·4096·2048)·3000/312e12
      Sample(
        words: "llama2-7b --phase train --tokens-per-second 3000 --peak 312T --recompute full "
          + "--convention palm", figure: "utilization.mfu", value: "0.41971",
        source: "hand count"),
      // and 2·6,476,005,376 + 4·32·4096·2048 more, which are the layers alone.
      Sample(
        words: "llama2-7b --phase train --tokens-per-second 3000 --peak 312T --recompute full "
          + "--convention palm", figure: "utilization.hfu", value: "0.55457",
        source: "hand count"),
      // 2·(6,738,415,616 − 131,072,000 + 4,096) + 2·2·32·4096·2048 bytes in 20 ms of 2.039e12.
      Sample(
        words: "llama2-7b --phase decode --past 2047 --step-time 20ms --device a100",
        figure: "utilization.mbu", value: "0.35037", source: "hand count"),
      Sample(
        words: "llama2-7b --phase decode --past 2047 --device a100-40gb",
        figure: "floors.bandwidth_seconds", value: "0.00918870",
        source: "hand count: 14288437248/1.555e12"),
      Sample(
        words: "llama2-7b --device h100", figure: "floors.ridge_point", value: "295.22",
        source: "989/3.35"),
      // 6·(4·4096² + 3·4096·11008)·32 for each of 1e12 tokens.
      Sample(
        words: "llama2-7b --train-tokens 1T --convention kaplan", figure: "training_run.flops",
        value: "38856032256000000000000", source: "hand count"),
      // The same at half of a thousand times 312e12: 249.077e6 s.
      Sample(
        words: "llama2-7b --train-tokens 1T --convention kaplan --device a100 --devices 1000 "
          + "--mfu 50%", figure: "training_run.days", value: "2.8828", source: "hand count"),
      Sample(
        words: "llama2-7b --train-tokens 86.4G --tokens-per-second 1e6",
        figure: "training_run.days",
        value: "1", source: "86,400 seconds"),
    ])
  func samples(_ sample: Sample) throws {
    let pieces = sample.figure.split(separator: ".").map(String.init)
    let text = try model("flops \(sample.words)")[pieces[0]]?[pieces[1]]?.line ?? "none"
    #expect(text.hasPrefix(sample.value), "\(text), \(sample.source)")
  }

  @Test("Every convention has one utilisation, and a named one is the only one")
  func conventions() throws {
    let line = "flops llama2-7b --phase train --tokens-per-second 3000 --peak 312T --convention"
    let all = try #require(try model("\(line) all")["conventions"]?.array)
    #expect(all.count == Convention.all.count)
    #expect(all.allSatisfy { $0["utilization"]?["mfu"] != nil })
    let named = run("\(line) palm")
    #expect(named.output.contains("model FLOPs utilisation             41.97%"))
    #expect(named.output.split(separator: "\n").filter { $0.contains("utilisation") }.count == 2)
  }

  @Test("More than the whole of a machine is explained")
  func aboveOne() {
    let line = "flops llama2-7b --phase train --convention palm --tokens-per-second 30000"
    let fast = run("\(line) --device h100")
    #expect(fast.errors.contains("of the peak cannot be under convention palm"))
    #expect(fast.errors.contains("--devices 2 or more"))
    #expect(fast.errors.contains("--compute-dtype fp8"))
    #expect(!run("\(line) --device h100 --devices 8").errors.contains("cannot be"))
    let decode = run(
      "flops llama2-7b --phase decode --past 10 --tokens-per-second 1000 --device a100")
    #expect(decode.errors.contains("of the bandwidth cannot be"))
    #expect(decode.errors.contains("--weight-dtype"))
  }

  struct Mistake: CustomTestStringConvertible {
    let words: String
    let message: String

    var testDescription: String { words }
  }

  @Test(
    "Options of a machine that do not fit together are named",
    arguments: [
      Mistake(words: "--device h1000", message: "'h1000' is not valid for --device"),
      Mistake(words: "--device foo", message: "'tally devices' lists them"),
      Mistake(words: "--device mi300xx", message: "such as mi300x"),
      Mistake(words: "--device h100 --peak 1", message: "leave one out"),
      Mistake(words: "--gpu h100", message: "Did you mean '--device'?"),
      Mistake(words: "--step-time 1", message: "--device or --peak, which --step-time needs,"),
      Mistake(words: "--step-time 0 --peak 1", message: "a time above 0"),
      Mistake(
        words: "--step-time 1 --tokens-per-second 1 --peak 1", message: "contradict each other"),
      Mistake(words: "--peak 0", message: "a number above 0"),
      Mistake(words: "--bandwidth 1", message: "--device or --peak, which --bandwidth needs"),
      Mistake(words: "--sparse", message: "--device, which --sparse needs,"),
      Mistake(words: "--device a100 --compute-dtype fp8", message: "fp32, tf32, bf16, fp16, int8"),
      Mistake(words: "--device t4 --sparse", message: "No sparse peak of it is known"),
      Mistake(words: "--device m2-max", message: "give --peak"),
      Mistake(words: "--mfu 0.4 --device h100", message: "--train-tokens, which --mfu needs"),
      Mistake(words: "--train-tokens 1T --mfu 140%", message: "a share above 0 and up to 1"),
      Mistake(words: "--train-tokens 1T --phase decode", message: "contradict each other"),
      Mistake(words: "--device h100 --by row", message: "leave --by out"),
      Mistake(words: "--devices 0", message: "at least 1"),
      Mistake(words: "--devices 8", message: "--device or --peak, which --devices needs"),
    ])
  func mistakes(_ mistake: Mistake) {
    let outcome = run("flops llama2-7b \(mistake.words)")
    #expect(outcome.exitCode == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains(mistake.message), "\(outcome.errors)")
  }

  @Test("Every device has a source, and is found by what people call it")
  func devices() throws {
    let document = try JSONValue(parsing: run("devices --format json").output)
    let devices = try #require(document["devices"]?.array)
    #expect(devices.count == Device.all.count)
    #expect(devices.allSatisfy { $0["source"]?.string?.isEmpty == false })
    for (word, name) in [
      ("NVIDIA A100-SXM4-80GB", "a100"), ("H100", "h100"), ("NVIDIA H100 80GB HBM3", "h100"),
      ("rtx4090", "rtx-4090"), ("NVIDIA GeForce RTX 4090", "rtx-4090"), ("TPU v5e", "tpu-v5e"),
      ("AMD MI300X", "mi300x"),
    ] { #expect(Device.named(word)?.name == name) }
    let words = Device.words
    #expect(Set(words.compactMap { Device.named($0)?.name }).count == Device.all.count)
    for device in Device.all {
      #expect(
        ([device.name] + device.synonyms).allSatisfy { Device.named($0)?.name == device.name })
    }
    #expect(run("devices h100").output.contains("989"))
    #expect(run("devices h100 --sparse").output.contains("1978"))
    #expect(run("devices nosuch").exitCode == 64)
  }

  @Test("A free letter leaves figures of a machine out, and says nothing false")
  func letters() throws {
    let report = try model("flops llama2-7b --set num_hidden_layers=n --device h100 --step-time 1")
    #expect(report["utilization"]?["mfu"] == .null)
    #expect(report["floors"]?["compute_seconds"] == .null)
  }
}
