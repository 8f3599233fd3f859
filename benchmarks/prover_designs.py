"""Small designs of the usual kinds, whose mutants the prover is measured on."""

from __future__ import annotations

DESIGNS: dict[str, str] = {
    "counter": """
module top(input clk, input rst, input en, input load, input [7:0] d, output reg [7:0] q, output wrap);
  always @(posedge clk)
    if (rst) q <= 8'd0;
    else if (load) q <= d;
    else if (en) q <= q + 8'd1;
  assign wrap = en & (q == 8'd255);
endmodule""",
    "updown": """
module top(input clk, input rst_n, input up, input down, output reg [5:0] q);
  always @(posedge clk or negedge rst_n)
    if (!rst_n) q <= 6'd0;
    else if (up && !down) q <= q + 6'd1;
    else if (down && !up) q <= q - 6'd1;
endmodule""",
    "modulo": """
module top(input clk, input rst, input en, output reg [3:0] q, output tick);
  assign tick = (q == 4'd9) && en;
  always @(posedge clk)
    if (rst) q <= 4'd0;
    else if (en) begin
      if (q == 4'd9) q <= 4'd0;
      else q <= q + 4'd1;
    end
endmodule""",
    "gray_counter": """
module top(input clk, input rst, input en, output [3:0] gray);
  reg [3:0] bin;
  always @(posedge clk)
    if (rst) bin <= 4'd0;
    else if (en) bin <= bin + 4'd1;
  assign gray = bin ^ (bin >> 1);
endmodule""",
    "gray_decode": """
module top(input [7:0] gray, output reg [7:0] bin);
  integer i;
  always @* begin
    bin[7] = gray[7];
    for (i = 6; i >= 0; i = i - 1)
      bin[i] = bin[i+1] ^ gray[i];
  end
endmodule""",
    "johnson": """
module top(input clk, input rst_n, output reg [4:0] q);
  always @(posedge clk or negedge rst_n)
    if (!rst_n) q <= 5'b00000;
    else q <= {~q[0], q[4:1]};
endmodule""",
    "ring": """
module top(input clk, input rst, input en, output reg [3:0] q);
  always @(posedge clk)
    if (rst) q <= 4'b0001;
    else if (en) q <= {q[2:0], q[3]};
endmodule""",
    "lfsr": """
module top(input clk, input rst, input en, output reg [7:0] q, output bit_out);
  wire feedback = q[7] ^ q[5] ^ q[4] ^ q[3];
  always @(posedge clk)
    if (rst) q <= 8'h01;
    else if (en) q <= {q[6:0], feedback};
  assign bit_out = q[7];
endmodule""",
    "galois": """
module top(input clk, input rst, output reg [4:0] q);
  always @(posedge clk)
    if (rst) q <= 5'h1;
    else q <= {q[0], q[4], q[3] ^ q[0], q[2], q[1]};
endmodule""",
    "alu": """
module top(input [7:0] a, input [7:0] b, input [2:0] op, output reg [7:0] y, output zero, output reg carry);
  always @* begin
    carry = 1'b0;
    case (op)
      3'd0: {carry, y} = a + b;
      3'd1: {carry, y} = a - b;
      3'd2: y = a & b;
      3'd3: y = a | b;
      3'd4: y = a ^ b;
      3'd5: y = a << b[2:0];
      3'd6: y = a >> b[2:0];
      default: y = ~a;
    endcase
  end
  assign zero = (y == 8'd0);
endmodule""",
    "signed_alu": """
module top(input signed [5:0] a, input signed [5:0] b, input [1:0] op, output reg signed [6:0] y, output less);
  always @* begin
    case (op)
      2'b00: y = a + b;
      2'b01: y = a - b;
      2'b10: y = (a < b) ? b : a;
      default: y = a >>> 2;
    endcase
  end
  assign less = a < b;
endmodule""",
    "flags": """
module top(input [3:0] a, input [3:0] b, input cin, output [3:0] sum, output cout, output overflow);
  wire [4:0] total = a + b + cin;
  assign sum = total[3:0];
  assign cout = total[4];
  assign overflow = (a[3] == b[3]) && (sum[3] != a[3]);
endmodule""",
    "ripple": """
module full(input a, input b, input c, output s, output k);
  assign s = a ^ b ^ c;
  assign k = (a & b) | (c & (a ^ b));
endmodule
module top(input [5:0] a, input [5:0] b, input cin, output [5:0] s, output cout);
  wire [6:0] c;
  assign c[0] = cin;
  genvar i;
  generate
    for (i = 0; i < 6; i = i + 1) begin : stage
      full u(.a(a[i]), .b(b[i]), .c(c[i]), .s(s[i]), .k(c[i+1]));
    end
  endgenerate
  assign cout = c[6];
endmodule""",
    "multiplier": """
module top(input [3:0] a, input [3:0] b, output [7:0] p);
  assign p = a * b;
endmodule""",
    "divider": """
module top(input [5:0] a, input [2:0] b, output reg [5:0] q, output reg [2:0] r);
  always @* begin
    if (b == 3'd0) begin
      q = 6'd63;
      r = 3'd0;
    end else begin
      q = a / b;
      r = a % b;
    end
  end
endmodule""",
    "encoder": """
module top(input [7:0] req, output reg [2:0] index, output valid);
  always @* begin
    casez (req)
      8'b1???????: index = 3'd7;
      8'b01??????: index = 3'd6;
      8'b001?????: index = 3'd5;
      8'b0001????: index = 3'd4;
      8'b00001???: index = 3'd3;
      8'b000001??: index = 3'd2;
      8'b0000001?: index = 3'd1;
      default: index = 3'd0;
    endcase
  end
  assign valid = |req;
endmodule""",
    "decoder": """
module top(input [2:0] sel, input en, output [7:0] y);
  assign y = en ? (8'd1 << sel) : 8'd0;
endmodule""",
    "seven_segment": """
module top(input [3:0] digit, output reg [6:0] seg);
  always @(*)
    case (digit)
      4'h0: seg = 7'b1111110;
      4'h1: seg = 7'b0110000;
      4'h2: seg = 7'b1101101;
      4'h3: seg = 7'b1111001;
      4'h4: seg = 7'b0110011;
      4'h5: seg = 7'b1011011;
      4'h6: seg = 7'b1011111;
      4'h7: seg = 7'b1110000;
      4'h8: seg = 7'b1111111;
      4'h9: seg = 7'b1111011;
      default: seg = 7'b0000000;
    endcase
endmodule""",
    "mux": """
module top(input [3:0] a, input [3:0] b, input [3:0] c, input [3:0] d, input [1:0] s, output reg [3:0] y);
  always @(*)
    if (s == 2'd0) y = a;
    else if (s == 2'd1) y = b;
    else if (s == 2'd2) y = c;
    else y = d;
endmodule""",
    "barrel": """
module top(input [7:0] d, input [2:0] n, input left, output [7:0] y);
  wire [15:0] twice = {d, d};
  wire [15:0] r = twice >> n;
  wire [15:0] l = twice << n;
  assign y = left ? l[15:8] : r[7:0];
endmodule""",
    "popcount": """
module top(input [7:0] d, output reg [3:0] n);
  integer i;
  always @* begin
    n = 4'd0;
    for (i = 0; i < 8; i = i + 1)
      n = n + d[i];
  end
endmodule""",
    "parity": """
module top(input [8:0] d, input odd, output p, output [2:0] groups);
  assign p = ^d ^ odd;
  assign groups = {^d[8:6], ^d[5:3], ^d[2:0]};
endmodule""",
    "leading_zeros": """
module top(input [7:0] d, output reg [3:0] n);
  integer i;
  always @* begin
    n = 4'd8;
    for (i = 0; i < 8; i = i + 1)
      if (d[i]) n = 4'd7 - i[3:0];
  end
endmodule""",
    "minmax": """
module top(input [5:0] a, input [5:0] b, input [5:0] c, output [5:0] low, output [5:0] high);
  function [5:0] smaller(input [5:0] x, input [5:0] y);
    smaller = (x < y) ? x : y;
  endfunction
  wire [5:0] ab = (a > b) ? a : b;
  assign low = smaller(smaller(a, b), c);
  assign high = (ab > c) ? ab : c;
endmodule""",
    "bcd_adder": """
module top(input [3:0] a, input [3:0] b, input cin, output reg [3:0] s, output reg cout);
  reg [4:0] t;
  always @* begin
    t = a + b + cin;
    if (t > 5'd9) begin
      t = t + 5'd6;
      cout = 1'b1;
    end else
      cout = 1'b0;
    s = t[3:0];
  end
endmodule""",
}

DESIGNS |= {
    "detector": """
module top(input clk, input rst, input in, output out);
  localparam S0 = 2'd0, S1 = 2'd1, S2 = 2'd2, S3 = 2'd3;
  reg [1:0] state, next;
  always @(posedge clk)
    if (rst) state <= S0;
    else state <= next;
  always @* begin
    next = S0;
    case (state)
      S0: next = in ? S1 : S0;
      S1: next = in ? S1 : S2;
      S2: next = in ? S3 : S0;
      S3: next = in ? S1 : S2;
    endcase
  end
  assign out = (state == S3);
endmodule""",
    "vending": """
module top(input clk, input rst, input nickel, input dime, output reg open);
  reg [1:0] state;
  always @(posedge clk)
    if (rst) begin
      state <= 2'd0;
      open <= 1'b0;
    end else begin
      open <= 1'b0;
      case (state)
        2'd0: if (nickel) state <= 2'd1; else if (dime) state <= 2'd2;
        2'd1: if (nickel) state <= 2'd2; else if (dime) begin state <= 2'd0; open <= 1'b1; end
        2'd2: if (nickel || dime) begin state <= 2'd0; open <= 1'b1; end
        default: state <= 2'd0;
      endcase
    end
endmodule""",
    "traffic": """
module top(input clk, input rst_n, input car, output reg [2:0] main, output reg [2:0] side);
  reg [1:0] state;
  reg [3:0] timer;
  always @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      state <= 2'd0;
      timer <= 4'd0;
    end else begin
      timer <= timer + 4'd1;
      case (state)
        2'd0: if (car && timer >= 4'd9) begin state <= 2'd1; timer <= 4'd0; end
        2'd1: if (timer == 4'd2) begin state <= 2'd2; timer <= 4'd0; end
        2'd2: if (!car || timer == 4'd7) begin state <= 2'd3; timer <= 4'd0; end
        default: if (timer == 4'd2) begin state <= 2'd0; timer <= 4'd0; end
      endcase
    end
  always @* begin
    main = 3'b001;
    side = 3'b001;
    case (state)
      2'd0: main = 3'b100;
      2'd1: main = 3'b010;
      2'd2: side = 3'b100;
      default: side = 3'b010;
    endcase
  end
endmodule""",
    "onehot_fsm": """
module top(input clk, input rst, input go, input stop, output busy, output done);
  reg [2:0] s;
  always @(posedge clk)
    if (rst) s <= 3'b001;
    else begin
      s[0] <= (s[0] & ~go) | s[2];
      s[1] <= (s[0] & go) | (s[1] & ~stop);
      s[2] <= s[1] & stop;
    end
  assign busy = s[1];
  assign done = s[2];
endmodule""",
    "fifo": """
module top(input clk, input rst, input push, input pop, input [3:0] din, output [3:0] dout, output full, output empty);
  reg [3:0] mem [0:3];
  reg [1:0] head, tail;
  reg [2:0] count;
  assign full = (count == 3'd4);
  assign empty = (count == 3'd0);
  assign dout = empty ? 4'd0 : mem[tail];
  always @(posedge clk)
    if (rst) begin
      head <= 2'd0;
      tail <= 2'd0;
      count <= 3'd0;
    end else begin
      if (push && !full) begin
        mem[head] <= din;
        head <= head + 2'd1;
      end
      if (pop && !empty) tail <= tail + 2'd1;
      count <= count + (push && !full) - (pop && !empty);
    end
endmodule""",
    "stack": """
module top(input clk, input rst, input push, input pop, input [1:0] din, output reg [1:0] dout);
  reg [1:0] mem [0:3];
  reg [2:0] level;
  always @(posedge clk)
    if (rst) begin
      level <= 3'd0;
      dout <= 2'd0;
    end else if (push && level < 3'd4) begin
      mem[level[1:0]] <= din;
      level <= level + 3'd1;
    end else if (pop && level > 3'd0) begin
      dout <= mem[level[1:0] - 2'd1];
      level <= level - 3'd1;
    end
endmodule""",
    "register_file": """
module top(input clk, input we, input [1:0] wa, input [3:0] wd, input [1:0] ra, output [3:0] rd);
  reg [3:0] r [0:3];
  always @(posedge clk)
    if (we) r[wa] <= wd;
  assign rd = (ra == 2'd0) ? 4'd0 : r[ra];
endmodule""",
    "shift_register": """
module top(input clk, input rst, input load, input [5:0] d, input sin, output sout, output reg [5:0] q);
  always @(posedge clk)
    if (rst) q <= 6'd0;
    else if (load) q <= d;
    else q <= {sin, q[5:1]};
  assign sout = q[0];
endmodule""",
    "serialiser": """
module top(input clk, input rst_n, input start, input [3:0] d, output line, output busy);
  reg [3:0] shift;
  reg [2:0] left;
  assign busy = left != 3'd0;
  assign line = busy ? shift[0] : 1'b1;
  always @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      shift <= 4'd0;
      left <= 3'd0;
    end else if (!busy) begin
      if (start) begin
        shift <= d;
        left <= 3'd4;
      end
    end else begin
      shift <= {1'b0, shift[3:1]};
      left <= left - 3'd1;
    end
endmodule""",
    "arbiter": """
module top(input clk, input rst, input [2:0] req, output reg [2:0] grant);
  reg [1:0] last;
  always @(posedge clk)
    if (rst) begin
      grant <= 3'b000;
      last <= 2'd2;
    end else begin
      grant <= 3'b000;
      case (last)
        2'd0:
          if (req[1]) begin grant <= 3'b010; last <= 2'd1; end
          else if (req[2]) begin grant <= 3'b100; last <= 2'd2; end
          else if (req[0]) grant <= 3'b001;
        2'd1:
          if (req[2]) begin grant <= 3'b100; last <= 2'd2; end
          else if (req[0]) begin grant <= 3'b001; last <= 2'd0; end
          else if (req[1]) grant <= 3'b010;
        default:
          if (req[0]) begin grant <= 3'b001; last <= 2'd0; end
          else if (req[1]) begin grant <= 3'b010; last <= 2'd1; end
          else if (req[2]) grant <= 3'b100;
      endcase
    end
endmodule""",
    "pipeline": """
module top(input clk, input rst, input valid_in, input [3:0] a, input [3:0] b, output reg valid_out, output reg [7:0] y);
  reg valid;
  reg [4:0] sum;
  reg [3:0] kept;
  always @(posedge clk)
    if (rst) begin
      valid <= 1'b0;
      valid_out <= 1'b0;
      y <= 8'd0;
      sum <= 5'd0;
      kept <= 4'd0;
    end else begin
      valid <= valid_in;
      sum <= a + b;
      kept <= a;
      valid_out <= valid;
      if (valid) y <= sum * kept;
    end
endmodule""",
    "edges": """
module top(input clk, input rst, input in, output rise, output fall);
  reg [1:0] seen;
  always @(posedge clk)
    if (rst) seen <= 2'b00;
    else seen <= {seen[0], in};
  assign rise = seen[0] & ~seen[1];
  assign fall = ~seen[0] & seen[1];
endmodule""",
    "debounce": """
module top(input clk, input rst, input in, output reg out);
  reg [2:0] count;
  always @(posedge clk)
    if (rst) begin
      count <= 3'd0;
      out <= 1'b0;
    end else if (in == out)
      count <= 3'd0;
    else begin
      count <= count + 3'd1;
      if (count == 3'd6) out <= in;
    end
endmodule""",
    "pwm": """
module top(input clk, input rst_n, input [3:0] duty, output reg out);
  reg [3:0] t;
  always @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      t <= 4'd0;
      out <= 1'b0;
    end else begin
      t <= t + 4'd1;
      out <= (t < duty);
    end
endmodule""",
    "divide_clock": """
module top(input clk, input rst, output reg slow);
  reg [1:0] n;
  always @(posedge clk)
    if (rst) begin
      n <= 2'd0;
      slow <= 1'b0;
    end else if (n == 2'd2) begin
      n <= 2'd0;
      slow <= ~slow;
    end else
      n <= n + 2'd1;
endmodule""",
    "accumulator": """
module top(input clk, input rst_n, input en, input sub, input [3:0] d, output reg [7:0] total, output reg limit);
  wire [8:0] next = sub ? total - d : total + d;
  always @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      total <= 8'd0;
      limit <= 1'b0;
    end else if (en) begin
      total <= next[7:0];
      limit <= limit | next[8];
    end
endmodule""",
    "crc": """
module top(input clk, input rst, input en, input d, output reg [7:0] crc);
  wire f = crc[7] ^ d;
  always @(posedge clk)
    if (rst) crc <= 8'h00;
    else if (en) crc <= {crc[6:2], crc[1] ^ f, crc[0] ^ f, f};
endmodule""",
    "two_edges": """
module top(input clk, input rst, input a, output y);
  reg p, n;
  always @(posedge clk)
    if (rst) p <= 1'b0;
    else p <= a ^ n;
  always @(negedge clk)
    if (rst) n <= 1'b0;
    else n <= a ^ p;
  assign y = p ^ n;
endmodule""",
    "started": """
module top(input clk, input t, output reg q, output reg [2:0] n);
  initial begin
    q = 1'b1;
    n = 3'd2;
  end
  always @(posedge clk)
    if (t) begin
      q <= ~q;
      n <= n + 3'd1;
    end
endmodule""",
}
