//! Binary `sagebridge`; see the library beside it.

use std::process::ExitCode;

// A call makes and drops thousands of small values in several threads; the system's allocator took a fifth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    server::main()
}
