#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pfnlab_libfuzzer::feed("kpageflags", bytes));
