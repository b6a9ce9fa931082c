import Testing
@Suite struct OracleTests { }
