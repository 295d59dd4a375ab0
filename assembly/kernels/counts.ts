// Constants as types: a generic function that takes one of these classes is unrolled for its count(). No instances
// exist.

@unmanaged
export class One {
  @inline
  count(): i32 {
    return 1;
  }
}

@unmanaged
export class Two {
  @inline
  count(): i32 {
    return 2;
  }
}

@unmanaged
export class Three {
  @inline
  count(): i32 {
    return 3;
  }
}

@unmanaged
export class Four {
  @inline
  count(): i32 {
    return 4;
  }
}

@unmanaged
export class Five {
  @inline
  count(): i32 {
    return 5;
  }
}

@unmanaged
export class Six {
  @inline
  count(): i32 {
    return 6;
  }
}

@unmanaged
export class Eight {
  @inline
  count(): i32 {
    return 8;
  }
}
