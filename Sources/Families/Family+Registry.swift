extension Family {
  /// Every family, by `model_type`.
  package static let named: [String: Family] = Dictionary(
    all.map { ($0.modelType, $0) }, uniquingKeysWith: { first, _ in first })

  /// Every family, by lineage.
  package static let all: [Family] = [
    ofAdept, ofApertus, ofArcee, ofAria, ofAXK, ofBailing, ofBeam, ofBitNet, ofBloom, ofBLT,
    ofCohere,
    ofDatabricks, ofDeepSeek, ofDeepSeekV4, ofDiffLlama, ofDoge, ofDots, ofEmu, ofErnie, ofExaone,
    ofFairseq, ofFalcon, ofFlint, ofGemma, ofGemmaPerLayer, ofGLM, ofGPT, ofGranite, ofGrok,
    ofHRM, ofHunyuan, ofHyperCLOVAX, ofInkling, ofInternLM, ofIQuest, ofJais, ofJamba, ofJetMoE,
    ofKimi, ofKolibri, ofKyutai, ofLaguna, ofLfm, ofLlama, ofLongcat, ofMamba, ofMellum, ofMiMo,
    ofMiniCPM, ofMiniMax, ofMistral, ofMixtureOfDepths, ofModernBERT, ofMolmo, ofMuse, ofNanoChat,
    ofNemotron, ofOlmo, ofPhi, ofQwen, ofQwen4, ofReformer, ofRWKV, ofSeedOSS, ofSmolLM, ofSolar,
    ofStableLM,
    ofStarCoder, ofStep, ofXLSTM, ofYoutu, ofZamba, ofZaya,
  ].flatMap { $0 }
}
