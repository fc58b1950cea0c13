/**
 * The mesh: named nodes that reach one another over any set of roads.
 *
 * Certificates of its nodes: {@link makeAuthority}, {@link makeRequest}, {@link signRequest}; the profiles that hold them:
 * {@link tlsProfiles}.
 */
export { type AuthorityOptions, makeAuthority } from "./certificate/authority.ts";
export { type CheckedProfile, checkProfileNames } from "./certificate/profile-names.ts";
export { type ProfileExpiry, type TlsProfiles, type TlsProfilesOptions, tlsProfiles } from "./certificate/profiles.ts";
export { makeRequest, type RequestOptions } from "./certificate/request.ts";
export { type SignOptions, signRequest } from "./certificate/sign.ts";
export { MeshError, type MeshErrorCode, meshErrors } from "./errors.ts";
