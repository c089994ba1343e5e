/** This version of the product: that of package.json, which a test compares. */
export const release = '0.1.0';
