/**
 * Header or trailer fields in the order of the wire: name, value, name, value. Names are in lower case, as only their
 * spelling is left to the sender (RFC 9110 §5.1); values have one character for each byte (latin1) and no white space
 * around them. Every line of a field that came twice is here twice.
 */
export type FieldLines = readonly string[];
