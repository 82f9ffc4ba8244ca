/// How closely what others send is held to the RFC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// What the RFC's text and grammar allow.
    #[default]
    Strict,
    /// Also the dialects of Okta, Microsoft Entra and hand-written connectors.
    Tolerant,
}
