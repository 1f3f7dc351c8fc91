//! What the program prints, and how it ends.

#[test]
fn the_program_prints_what_the_files_say() {
    trycmd::TestCases::new()
        .case("tests/cmd/*.trycmd")
        .case("tests/cmd/*.toml");
}
