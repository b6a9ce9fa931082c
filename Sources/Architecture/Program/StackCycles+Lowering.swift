import Symbolic

extension StackCycles {
  /// The first input of the fast stack, from the state of the slow one.
  package var begin: Program {
    ProgramBuilder.program(width: width) { x, program in
      program.within(startPath, .stream) { program in
        program.addVector(x, start, start.name)
      }
    }
  }

  /// The input of a stack, from its own state; that of the other was left.
  package func join(_ stack: Stack) -> Program {
    ProgramBuilder.program(width: width) { x, program in
      program.within(path(of: stack), .stream) { program in
        program.add(x, program.take(.otherState, width: x.width), "input")
      }
    }
  }

  /// The state of a stack after its layers.
  package func close(_ stack: Stack) -> Program {
    ProgramBuilder.program(width: width) { x, program in
      program.within(path(of: stack), .stream) { $0.normalize(x, norm) }
    }
  }

  private var width: Formula { Formula(Size.hidden.symbol) }
}
